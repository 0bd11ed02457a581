import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../api/generated/core-v1'
import { podRequests, podRequestsForScoring } from './resources'
import { podOf } from './testing/fixtures'

const container = (cpu: string, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image: 'x',
  resources: { requests: { cpu } },
  ...more,
})
const sidecar = (cpu: string) => container(cpu, { restartPolicy: 'Always' })

describe('what a pod asks for', () => {
  it.each<[string, Partial<PodSpec>, number]>([
    ['containers add up', { containers: [container('1'), container('500m')] }, 1500],
    [
      'an init container only raises the peak',
      { initContainers: [container('2')], containers: [container('1')] },
      2000,
    ],
    [
      'init containers do not add up',
      { initContainers: [container('2'), container('3')], containers: [container('1')] },
      3000,
    ],
    [
      'sidecars stay, and run beside the init containers after them',
      {
        initContainers: [sidecar('1'), container('3'), sidecar('1')],
        containers: [container('1')],
      },
      4000,
    ],
    [
      'an init container before the sidecar runs alone',
      { initContainers: [container('3'), sidecar('1')], containers: [container('1')] },
      3000,
    ],
    ['overhead comes on top', { overhead: { cpu: '250m' } }, 350],
    [
      'the pod as a whole stands for its containers',
      { containers: [container('1')], resources: { requests: { cpu: '3' } } },
      3000,
    ],
  ])('%s', (_, spec, milliCpu) => {
    const pod = podOf('p', { requests: { cpu: '100m' }, spec })
    expect(podRequests(pod).milliCpu).toBe(milliCpu)
  })

  it('assumes something in scoring for each container that asks for nothing', () => {
    const containers = [container('1'), { name: 'd', image: 'x' }]
    const pod = podOf('p', { spec: { containers } })
    const mebibyte = 1024 * 1024
    expect(podRequestsForScoring(pod)).toMatchObject({
      milliCpu: 1100,
      memoryBytes: 400 * mebibyte,
    })
  })
})
