import type { ClusterSpec } from '../control/spec'
import { kubelet } from '../kubelet/kubelet'
import { datapath } from '../network/datapath'
import { kubeProxy } from '../network/kube-proxy'
import { loadBalancer } from '../network/load-balancer'
import { PodNetwork } from '../network/pod-network'
import { containerd } from '../runtime/containerd'
import type { MachineSpec } from '../sim/machine'
import type { ProcessFactory } from '../sim/process'
import type { Simulation } from '../sim/simulation'
import { type Micros, millis, seconds } from '../sim/time'
import {
  balancerIp,
  balancerName,
  masterIp,
  masterName,
  masterNames,
  outsideIp,
  outsideName,
  workerIp,
  workerName,
  zoneOf,
} from './addresses'
import { masterComponents } from './components'
import { initialise, installAddOns, joinControlPlane } from './kubeadm'
import { Outside } from './outside'
import { componentImages, masterManifests, preloadedImages } from './static-pods'
import { supervisor, type Unit } from './supervisor'

const apiServer = `${balancerName}:6443`
const controlPlaneTaint = {
  key: 'node-role.kubernetes.io/control-plane',
  effect: 'NoSchedule',
}

/** From power to running units: a virtual machine boots in a few seconds, each a little different. */
export const outsideBootMicros: Micros = millis(1)
const bootBase: Micros = seconds(2)
const bootSpread: Micros = seconds(1)

function machine(
  sim: Simulation,
  id: string,
  ip: string,
  units: () => readonly Unit[],
): MachineSpec {
  return {
    id,
    ip,
    bootMicros: bootBase + sim.random(`${id}/boot`).below(bootSpread),
    boot: (host) => void host.start('systemd', supervisor(units())),
  }
}

interface NodeSpec {
  readonly name: string
  readonly ip: string
  readonly zone: string | undefined
  readonly cpu: string
  readonly memory: string
  readonly master?: number
}

const sizeOf = ({ cpu, memory }: NodeSpec) => ({ cpu, memory })

/** The units of a machine that is a Node: runtime, kernel network and kubelet. */
function nodeUnits(spec: ClusterSpec, node: NodeSpec): Unit[] {
  const isMaster = node.master !== undefined
  const components = node.master === undefined ? {} : masterComponents(spec, node.master)
  const processPrograms: { [repository: string]: () => ProcessFactory } = {
    [componentImages['kube-proxy']]: () => kubeProxy({ server: apiServer, nodeName: node.name }),
  }
  for (const [name, factory] of Object.entries<ProcessFactory>(components)) {
    processPrograms[componentImages[name as keyof typeof componentImages]] = () => factory
  }
  const runtime = containerd({
    network: (env) => new PodNetwork(env),
    processPrograms,
    preloadedImages: preloadedImages(isMaster),
  })
  const agent = kubelet({
    server: apiServer,
    nodeName: node.name,
    ip: node.ip,
    capacity: { cpu: node.cpu, memory: node.memory },
    maxPods: spec.podsPerNode,
    zone: node.zone,
    region: 'lab',
    taints: isMaster ? [controlPlaneTaint] : [],
    staticPods: isMaster ? masterManifests : [],
  })
  const units: Unit[] = [
    { name: 'network', factory: datapath() },
    { name: 'containerd', factory: runtime },
    { name: 'kubelet', factory: agent },
  ]
  if (node.master !== undefined) {
    const factory = node.master === 1 ? initialise(node.name) : joinControlPlane(node.name)
    units.push({ name: 'kubeadm', factory, once: true })
  }
  return units
}

/** A hosted control plane: its programs run as plain units on machines that are no Nodes. */
function hostedUnits(spec: ClusterSpec, master: number): Unit[] {
  const components = Object.entries(masterComponents(spec, master))
  const units: Unit[] = components.map(([name, factory]) => ({ name, factory }))
  if (master === 1) units.push({ name: 'kubeadm', factory: installAddOns(), once: true })
  return units
}

export function workerMachine(
  sim: Simulation,
  spec: ClusterSpec,
  number: number,
  size: { readonly cpu?: string; readonly memory?: string } = {},
): MachineSpec {
  const node: NodeSpec = {
    name: workerName(number),
    ip: workerIp(number),
    zone: zoneOf(spec, number),
    cpu: size.cpu ?? spec.workerCpu,
    memory: size.memory ?? spec.workerMemory,
  }
  return { ...machine(sim, node.name, node.ip, () => nodeUnits(spec, node)), size: sizeOf(node) }
}

function masterMachine(sim: Simulation, spec: ClusterSpec, number: number): MachineSpec {
  const node: NodeSpec = {
    name: masterName(number),
    ip: masterIp(number),
    zone: zoneOf(spec, number),
    cpu: spec.masterCpu,
    memory: spec.masterMemory,
    master: number,
  }
  const units = () => (spec.hosted ? hostedUnits(spec, number) : nodeUnits(spec, node))
  return { ...machine(sim, node.name, node.ip, units), size: sizeOf(node) }
}

function workerIps(sim: Simulation): string[] {
  const workers = sim.machines.filter(({ id }) => id.startsWith('worker-'))
  return workers.map(({ ip }) => ip)
}

/** Adds the user's computer, the balancer, the masters and the workers, all without power. */
export function addMachines(sim: Simulation, spec: ClusterSpec): void {
  sim.addMachine({
    id: outsideName,
    ip: outsideIp,
    bootMicros: outsideBootMicros,
    boot: (host) => {
      host.start(outsideName, (env) => new Outside(env, apiServer))
      host.start('network', datapath({ gateways: () => workerIps(sim) }))
    },
  })
  const backends = masterNames(spec).map((name) => `${name}:6443`)
  sim.addMachine({
    ...machine(sim, balancerName, balancerIp, () => [
      { name: 'load-balancer', factory: loadBalancer({ backends }) },
    ]),
    bootMicros: seconds(1),
  })
  for (let n = 1; n <= spec.masters; n++) sim.addMachine(masterMachine(sim, spec, n))
  for (let n = 1; n <= spec.workers; n++) sim.addMachine(workerMachine(sim, spec, n))
}
