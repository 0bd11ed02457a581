import type { Edge, Node } from '@xyflow/react'
import { Position } from '@xyflow/react'
import type { Rect } from './layout/rect'
import type { StageLayout } from './layout/stage-layout'
import type { StageModel } from './stage-model'

/** React Flow gets places and names only; what things are is read from the stores. */
export function flowNodes(model: StageModel, layout: StageLayout): Node[] {
  const nodes: Node[] = []
  const add = (ids: readonly string[], type: string, rects: ReadonlyMap<string, Rect>) => {
    for (const id of ids) {
      const rect = rects.get(id)
      if (rect) nodes.push(nodeOf(id, type, rect))
    }
  }
  add(model.clients, 'client', layout.machines)
  add(model.balancers, 'balancer', layout.machines)
  add(model.masters, 'master', layout.machines)
  nodes.push(nodeOf('workloads', 'workloads', layout.workloads))
  nodes.push(nodeOf('waiting', 'waiting', layout.waiting))
  add(model.workers, 'worker', layout.machines)
  add(model.services, 'service', layout.services)
  return nodes
}

function nodeOf(id: string, type: string, rect: Rect): Node {
  const { x, y, width, height } = rect
  return {
    id: type === 'service' ? `service:${id}` : id,
    type,
    position: { x, y },
    width,
    height,
    data: { id },
    handles: [
      { type: 'source', position: Position.Bottom, x: width / 2, y: height },
      { type: 'target', position: Position.Top, x: width / 2, y: 0 },
    ],
  }
}

export function flowEdges(model: StageModel): Edge[] {
  const edges: Edge[] = []
  for (const balancer of model.balancers) {
    for (const client of model.clients) edges.push(entrance(client, balancer))
    for (const master of model.masters) edges.push(entrance(balancer, master))
  }
  return edges
}

function entrance(source: string, target: string): Edge {
  return { id: `${source}>${target}`, source, target, type: 'entrance' }
}
