import type { Node } from '../../api/generated/core-v1'
import { tolerates } from '../../api/machinery/toleration'
import type { Rejection, SchedulerPlugin } from '../framework'

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const rejection: Rejection = {
  plugin: 'NodeUnschedulable',
  reasons: ['node(s) were unschedulable'],
  unresolvable: true,
}

const schedulable = (node: Node) => !node.spec.unschedulable

export const nodeUnschedulable: SchedulerPlugin = {
  name: 'NodeUnschedulable',
  events: ['NodeAdd', 'NodeUnschedulable'],
  filterStep({ pod }) {
    if (pod.spec.tolerations?.some((t) => tolerates(t, unschedulableTaint))) return undefined
    return {
      reject: ({ node }) => (node && schedulable(node) ? undefined : rejection),
    }
  },
  helps: (_, change) => !('node' in change) || schedulable(change.node),
}
