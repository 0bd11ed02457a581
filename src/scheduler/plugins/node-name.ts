import type { SchedulerPlugin } from '../framework'

export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  events: ['NodeAdd'],
  filter({ pod }, node) {
    if (!pod.spec.nodeName || pod.spec.nodeName === node.name) return undefined
    const reasons = ["node(s) didn't match the requested node name"]
    return { plugin: 'NodeName', reasons, unresolvable: true }
  },
}
