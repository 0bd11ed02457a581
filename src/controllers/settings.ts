import { type Micros, minutes, seconds } from '../sim/time'

/** Flags of kube-controller-manager that change what its controllers do, with v1.36's defaults. */
export interface ControllerSettings {
  /** --node-monitor-period */
  readonly nodeMonitorPeriod: Micros
  /** --node-monitor-grace-period */
  readonly nodeMonitorGracePeriod: Micros
  /** --node-startup-grace-period */
  readonly nodeStartupGracePeriod: Micros
  /** --node-eviction-rate, nodes a second; secondary: in a large zone that is mostly down. */
  readonly nodeEvictionRate: number
  readonly secondaryNodeEvictionRate: number
  /** --large-cluster-size-threshold */
  readonly largeClusterSizeThreshold: number
  /** --unhealthy-zone-threshold */
  readonly unhealthyZoneThreshold: number
  /** --terminated-pod-gc-threshold */
  readonly terminatedPodThreshold: number
  /** --cluster-cidr; absent: nodes get no range (--allocate-node-cidrs=false). */
  readonly podCidr?: string
  readonly nodeCidrMaskSize: number
  /** PEM text that the root CA publisher puts in every namespace; absent: it does not run. */
  readonly rootCa?: string
  /** Queue-less loops of the garbage collector and pod GC. */
  readonly garbageResyncPeriod: Micros
  readonly podGcPeriod: Micros
  readonly podGcNodeQuarantine: Micros
}

export const defaultSettings: ControllerSettings = {
  nodeMonitorPeriod: seconds(5),
  nodeMonitorGracePeriod: seconds(50),
  nodeStartupGracePeriod: minutes(1),
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  largeClusterSizeThreshold: 50,
  unhealthyZoneThreshold: 0.55,
  terminatedPodThreshold: 12_500,
  nodeCidrMaskSize: 24,
  garbageResyncPeriod: seconds(30),
  podGcPeriod: seconds(20),
  podGcNodeQuarantine: seconds(40),
}
