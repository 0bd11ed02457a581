import type { SchedulerPlugin } from '../framework'
import { tolerates } from './taint-toleration'

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  events: ['NodeAdd', 'NodeUnschedulable', 'PodUpdate'],
  filter({ pod }, { node }) {
    if (!node?.spec.unschedulable) return undefined
    if (pod.spec.tolerations?.some((t) => tolerates(t, unschedulableTaint))) return undefined
    const reasons = ['node(s) were unschedulable']
    return { plugin: 'NodeUnschedulable', reasons, unresolvable: true }
  },
}
