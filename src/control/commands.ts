/** The lab channel's commands: what no API server could be asked to do. Plain data, replayable. */
export type LabCommand =
  | { readonly type: 'powerOff'; readonly machine: string; readonly how?: 'abrupt' | 'graceful' }
  | { readonly type: 'powerOn'; readonly machine: string }
  /** Cuts both ways: from `peers` (the other masters) or, unless told so, from `all` machines. */
  | { readonly type: 'isolate'; readonly machine: string; readonly from?: 'peers' | 'all' }
  | { readonly type: 'reconnect'; readonly machine: string }
  | { readonly type: 'cutLink'; readonly from: string; readonly to: string }
  | { readonly type: 'healLink'; readonly from: string; readonly to: string }
  | {
      readonly type: 'crashContainer'
      /** `default` unless given here or in `pod`. */
      readonly namespace?: string
      /** A name, or `namespace/name`. */
      readonly pod: string
      readonly container?: string
    }
  | { readonly type: 'crashProcess'; readonly machine: string; readonly process: string }
  | { readonly type: 'speed'; readonly speed: number | 'max' }
  | { readonly type: 'advance'; readonly by: string }
  | { readonly type: 'settle'; readonly within?: string }
  | { readonly type: 'step' }
  | { readonly type: 'request'; readonly from: string; readonly url: string }
  | { readonly type: 'addWorker'; readonly cpu?: string; readonly memory?: string }

/** How a command ended, and when: virtual time in microseconds. */
export type CommandResult =
  | { readonly ok: true; readonly time: number; readonly response?: TrafficResponse }
  | { readonly ok: false; readonly time: number; readonly error: string }

/** How one simulated HTTP request ended. `status` 0: no answer; `error` says why. */
export interface TrafficResponse {
  readonly status: number
  readonly body: string
  /** `namespace/name` of the pod that answered. */
  readonly pod?: string
  readonly node?: string
  readonly error?: string
  readonly latencyMicros: number
}
