import type { ClusterSpec } from '../control/spec'

/** The balancer before the API servers, as kubeadm's controlPlaneEndpoint. */
export const balancerName = 'lb-1'
export const balancerIp = '192.168.0.10'
export const outsideName = 'outside'
export const outsideIp = '192.168.255.254'

export const masterName = (number: number): string => `master-${number}`
export const masterIp = (number: number): string => `192.168.0.${10 + number}`
export const workerName = (number: number): string => `worker-${number}`

/** 250 workers to a /24, from 192.168.1.0 on. */
export function workerIp(number: number): string {
  const index = number - 1
  return `192.168.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`
}

export function zoneOf(spec: ClusterSpec, number: number): string | undefined {
  return spec.zones[(number - 1) % Math.max(1, spec.zones.length)]
}

export function masterNames(spec: ClusterSpec): string[] {
  return Array.from({ length: spec.masters }, (_, index) => masterName(index + 1))
}
