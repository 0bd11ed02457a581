import type { LabCommand } from '../control/commands'
import { type ClusterSpec, workersMax } from '../control/spec'
import type { Containerd } from '../runtime/containerd'
import type { Machine } from '../sim/machine'
import type { Simulation } from '../sim/simulation'
import { masterNames, outsideIp, outsideName } from './addresses'
import { workerMachine } from './machines'

/** Cuts or heals both directions between a machine and others. */
function setLinks(sim: Simulation, machine: Machine, others: readonly Machine[], cut: boolean) {
  for (const other of others) {
    if (other === machine) continue
    sim.wires.setFault(machine, other, cut ? { cut: true } : undefined)
    sim.wires.setFault(other, machine, cut ? { cut: true } : undefined)
  }
}

function peersOf(sim: Simulation, spec: ClusterSpec, machine: Machine): Machine[] {
  const names = masterNames(spec)
  return sim.machines.filter(({ id }) => names.includes(id) && id !== machine.id)
}

function crash(
  sim: Simulation,
  command: Extract<LabCommand, { type: 'crashContainer' }>,
): string | undefined {
  const { container } = command
  const [pod = '', inName] = command.pod.split('/').reverse()
  const namespace = command.namespace ?? inName ?? 'default'
  for (const machine of sim.machines) {
    const runtime = machine.process('containerd')
    if (runtime?.status !== 'running') continue
    const { crashContainer } = runtime.program as Containerd
    if (crashContainer.call(runtime.program, namespace, pod, container)) return undefined
  }
  const what = container ? `container "${container}" of pod` : 'container of pod'
  return `no running ${what} "${namespace}/${pod}" on any machine`
}

function addWorker(
  sim: Simulation,
  spec: ClusterSpec,
  command: Extract<LabCommand, { type: 'addWorker' }>,
): string | undefined {
  const number = sim.machines.filter(({ id }) => id.startsWith('worker-')).length + 1
  if (number > workersMax) return `there are ${workersMax} workers already: no more are possible`
  sim.addMachine(workerMachine(sim, spec, number, command)).powerOn()
  return undefined
}

type Physical = Exclude<LabCommand, { type: 'speed' | 'advance' | 'settle' | 'step' | 'request' }>

/** Names of machines in a command that do not exist, as a sentence. */
function unknownMachine(sim: Simulation, names: readonly string[]): string | undefined {
  const missing = names.find((name) => !sim.machine(name))
  if (missing === undefined) return undefined
  const known = sim.machines.map(({ id }) => id).join(', ')
  return `there is no machine "${missing}"; there are ${known}`
}

function machinesIn(command: Physical): string[] {
  if ('machine' in command) return [command.machine]
  return 'to' in command ? [command.from, command.to] : []
}

/** The user's own computer must live: everything asked of the cluster enters there. */
function endsOutside(command: LabCommand): boolean {
  const { type } = command
  const ends = type === 'powerOff' || type === 'crashProcess'
  return ends && [outsideName, outsideIp].includes(command.machine)
}

/** Acts on the physics. Returns why the command could not be carried out, if so. */
export function perform(
  sim: Simulation,
  spec: ClusterSpec,
  command: LabCommand,
): string | undefined {
  const unknown = unknownMachine(sim, machinesIn(command as Physical))
  if (unknown) return unknown
  if (endsOutside(command)) {
    return `"${outsideName}" is where your own requests come from: cut it off from the network instead`
  }
  const machine = (name: string) => sim.machine(name) as Machine
  switch (command.type) {
    case 'powerOff':
      machine(command.machine).powerOff(command.how ?? 'abrupt')
      return undefined
    case 'powerOn':
      machine(command.machine).powerOn()
      return undefined
    case 'isolate': {
      const target = machine(command.machine)
      const others = command.from === 'peers' ? peersOf(sim, spec, target) : sim.machines
      setLinks(sim, target, others, true)
      return undefined
    }
    case 'reconnect':
      setLinks(sim, machine(command.machine), sim.machines, false)
      return undefined
    case 'cutLink':
    case 'healLink': {
      const fault = command.type === 'cutLink' ? { cut: true } : undefined
      sim.wires.setFault(machine(command.from), machine(command.to), fault)
      return undefined
    }
    case 'crashContainer':
      return crash(sim, command)
    case 'crashProcess': {
      const process = machine(command.machine).process(command.process)
      if (process?.status !== 'running') {
        return `${command.machine} runs no process "${command.process}"`
      }
      process.kill()
      return undefined
    }
    case 'addWorker':
      return addWorker(sim, spec, command)
    default:
      return `"${command.type}" is not about machines`
  }
}
