import { describe, expect, it } from 'vitest'
import type { LabCommand } from '../control/commands'
import { defaultSpec } from '../control/spec'
import { Cluster } from './cluster'

const refused: readonly [LabCommand, RegExp][] = [
  [{ type: 'powerOff', machine: 'outside' }, /your own requests/],
  [{ type: 'powerOff', machine: '192.168.255.254' }, /your own requests/],
  [{ type: 'crashProcess', machine: 'outside', process: 'outside' }, /your own requests/],
  [{ type: 'powerOff', machine: 'master-9' }, /no machine "master-9"; there are outside, lb-1/],
  [{ type: 'crashProcess', machine: 'lb-1', process: 'nginx' }, /runs no process "nginx"/],
  [{ type: 'crashContainer', pod: 'nobody' }, /no running container of pod "default\/nobody"/],
]

describe('a command to the physics', () => {
  it.each(refused)('%j is refused with a reason', (command, reason) => {
    const cluster = new Cluster(defaultSpec)
    let answer: string | undefined
    cluster.sim.inject('test', () => {
      answer = cluster.perform(command)
    })
    expect(answer).toMatch(reason)
    expect(cluster.outside).toBeDefined()
  })

  it('addWorker makes a machine of the size asked for', () => {
    const cluster = new Cluster(defaultSpec)
    cluster.sim.inject('test', () => cluster.perform({ type: 'addWorker', cpu: '16' }))
    const added = cluster.physicalState().machines.find(({ id }) => id === 'worker-4')
    expect(added).toMatchObject({ power: 'booting', cpu: '16', memory: defaultSpec.workerMemory })
  })
})
