import {
  ArrowDownToLine,
  Bomb,
  type LucideIcon,
  Minus,
  Plus,
  Power,
  PowerOff,
  RotateCw,
  Search,
  Send,
  Trash2,
  Undo2,
  Unplug,
  Waypoints,
} from 'lucide-react'
import { controllerOf } from '../../api/object'
import type { Session } from '../app/session'
import { type Subject, useUi } from '../app/ui-state'
import { machineView } from '../view/machine-view'
import {
  deletePod,
  restartRollout,
  revisionsOf,
  rollBack,
  scaleBy,
  sendRequest,
} from './api-actions'
import { runLab } from './lab'

/** Something a person can do to a thing. */
export interface Action {
  readonly id: string
  readonly label: string
  readonly icon: LucideIcon
  readonly danger?: boolean
  /** Acts on the thing's owner: in its menu, but not among its own buttons. */
  readonly owner?: boolean
  /** Why it cannot be done now. */
  readonly disabled?: string
  run(): void
}

/** What can be done with a subject now, in the order of the menu. */
export function actionsFor(session: Session, subject: Subject): readonly Action[] {
  const inspect: Action = {
    id: 'inspect',
    label: 'Inspect',
    icon: Search,
    run: () => useUi.getState().select(subject),
  }
  switch (subject.kind) {
    case 'machine':
      return [inspect, ...machineActions(session, subject.key)]
    case 'pod':
      return [inspect, ...podActions(session, subject.key)]
    case 'service':
      return [inspect, ...serviceActions(session, subject.key)]
    case 'deployment':
      return [inspect, ...deploymentActions(session, subject.key)]
  }
}

function machineActions(session: Session, id: string): readonly Action[] {
  const lab = session.lab.get()
  const machine = lab?.machines.find((m) => m.id === id)
  if (!lab || !machine) return []
  const view = machineView(machine, session.cluster.nodes.get(id), lab.machines)
  const isOn = machine.power !== 'off'
  const cut = machine.links.some((link) => link.state === 'cut')
  const power: Action[] = isOn
    ? [
        {
          id: 'power-off',
          label: 'Power off',
          icon: PowerOff,
          danger: true,
          run: () => void runLab(session, [{ type: 'powerOff', machine: id, how: 'abrupt' }]),
        },
        {
          id: 'shut-down',
          label: 'Shut down',
          icon: ArrowDownToLine,
          run: () => void runLab(session, [{ type: 'powerOff', machine: id, how: 'graceful' }]),
        },
      ]
    : [
        {
          id: 'power-on',
          label: 'Power on',
          icon: Power,
          run: () => void runLab(session, [{ type: 'powerOn', machine: id }]),
        },
      ]
  const wires: Action[] = []
  if (isOn && view.physical !== 'cut-off') {
    wires.push({
      id: 'isolate',
      label: 'Cut off from the network',
      icon: Unplug,
      danger: true,
      run: () => void runLab(session, [{ type: 'isolate', machine: id, from: 'all' }]),
    })
    if (machine.role === 'master' && !cut && lab.etcd.length > 1) {
      wires.push({
        id: 'isolate-peers',
        label: 'Cut off from other masters',
        icon: Unplug,
        danger: true,
        run: () => void runLab(session, [{ type: 'isolate', machine: id, from: 'peers' }]),
      })
    }
  }
  if (cut) {
    wires.push({
      id: 'reconnect',
      label: 'Reconnect to the network',
      icon: Waypoints,
      run: () => void runLab(session, [{ type: 'reconnect', machine: id }]),
    })
  }
  return [...power, ...wires]
}

function podActions(session: Session, key: string): readonly Action[] {
  const pod = session.cluster.pods.get(key)
  if (!pod) return []
  const { namespace = 'default', name } = pod.metadata
  const runs = pod.status?.containerStatuses?.some((c) => c.state?.running) ?? false
  const actions: Action[] = [
    {
      id: 'crash',
      label: 'Crash container',
      icon: Bomb,
      disabled: runs ? undefined : 'No container of it runs.',
      run: () => void runLab(session, [{ type: 'crashContainer', namespace, pod: name }]),
    },
    {
      id: 'delete',
      label: 'Delete',
      icon: Trash2,
      danger: true,
      run: () => void deletePod(session, key, undefined),
    },
    {
      id: 'delete-now',
      label: 'Delete at once',
      icon: Trash2,
      danger: true,
      run: () => void deletePod(session, key, 0),
    },
  ]
  const deployment = deploymentOf(session, key)
  if (!deployment) return actions
  const above = deploymentActions(session, deployment).map((action) => ({ ...action, owner: true }))
  return [...actions, ...above]
}

/** The Deployment behind a pod, through its ReplicaSet. */
export function deploymentOf(session: Session, podKey: string): string | undefined {
  const pod = session.cluster.pods.get(podKey)
  const owner = pod && controllerOf(pod)
  if (owner?.kind !== 'ReplicaSet') return undefined
  const namespace = pod?.metadata.namespace
  const set = session.cluster.replicaSets.get(`${namespace}/${owner.name}`)
  const above = set && controllerOf(set)
  return above?.kind === 'Deployment' ? `${namespace}/${above.name}` : undefined
}

function serviceActions(session: Session, key: string): readonly Action[] {
  const service = session.cluster.services.get(key)
  const port = service?.spec?.ports?.[0]?.port
  return [
    {
      id: 'request',
      label: 'Send it a request',
      icon: Send,
      disabled: port === undefined ? 'It has no port.' : undefined,
      run: () => void sendRequest(session, key),
    },
  ]
}

function deploymentActions(session: Session, key: string): readonly Action[] {
  const deployment = session.cluster.deployments.get(key)
  if (!deployment) return []
  const name = deployment.metadata.name
  const replicas = deployment.spec?.replicas ?? 1
  return [
    {
      id: 'scale-up',
      label: `Scale ${name} to ${replicas + 1}`,
      icon: Plus,
      run: () => void scaleBy(session, key, 1),
    },
    {
      id: 'scale-down',
      label: `Scale ${name} to ${Math.max(0, replicas - 1)}`,
      icon: Minus,
      disabled: replicas === 0 ? 'It has no replicas.' : undefined,
      run: () => void scaleBy(session, key, -1),
    },
    {
      id: 'restart',
      label: `Restart the rollout of ${name}`,
      icon: RotateCw,
      run: () => void restartRollout(session, key),
    },
    {
      id: 'roll-back',
      label: `Roll ${name} back`,
      icon: Undo2,
      disabled: revisionsOf(session, key).length < 2 ? 'It has one revision only.' : undefined,
      run: () => void rollBack(session, key),
    },
  ]
}
