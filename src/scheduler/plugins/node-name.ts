import type { SchedulerPlugin } from '../framework'

const reasons = ["node(s) didn't match the requested node name"]

export const nodeName: SchedulerPlugin = {
  name: 'NodeName',
  events: ['NodeAdd'],
  filterStep({ pod }) {
    const { nodeName: wanted } = pod.spec
    if (!wanted) return undefined
    const rejection = { plugin: 'NodeName', reasons, unresolvable: true }
    return { reject: ({ name }) => (name === wanted ? undefined : rejection) }
  },
}
