import type { TrafficResponse } from '../control/commands'
import { type Datapath, datapathServiceName } from '../network/datapath'
import { kernelNetwork } from '../network/kernel'
import type { Machine } from '../sim/machine'
import type { Simulation } from '../sim/simulation'
import { Future } from '../sim/task'
import { outsideName } from './addresses'

function refused(error: string): Future<TrafficResponse> {
  const future = new Future<TrafficResponse>()
  future.resolve({ status: 0, body: '', error, latencyMicros: 0 })
  return future
}

function datapathOf(machine: Machine): Datapath | undefined {
  return machine.host(machine.life).find<Datapath>(datapathServiceName)
}

/** The machine that runs a pod, with the pod's address; the machine itself for host networking. */
function placeOf(sim: Simulation, namespace: string, name: string) {
  for (const machine of sim.machines) {
    if (!machine.alive) continue
    const { pods, hostPods } = kernelNetwork(machine.host(machine.life))
    for (const [ip, pod] of pods) {
      if (pod.namespace === namespace && pod.name === name) return { machine, ip }
    }
    for (const pod of hostPods.values()) {
      if (pod.namespace === namespace && pod.name === name) return { machine, ip: undefined }
    }
  }
  return undefined
}

/** One HTTP GET from `outside`, from a machine by name, or from `pod/namespace/name`. */
export function sendTraffic(sim: Simulation, from: string, url: string): Future<TrafficResponse> {
  if (!from.startsWith('pod/')) {
    const machine = sim.machine(from === outsideName ? outsideName : from)
    if (!machine) return refused(`no machine "${from}": use "outside", its name, or pod/ns/name`)
    return datapathOf(machine)?.request('node', url) ?? refused(`${from} has no power`)
  }
  const [, namespace = '', name = ''] = from.split('/')
  const place = placeOf(sim, namespace, name)
  if (!place) return refused(`pod "${namespace}/${name}" runs on no machine`)
  const source = place.ip === undefined ? 'node' : { ip: place.ip }
  return datapathOf(place.machine)?.request(source, url) ?? refused('the machine has no network')
}
