import '@xyflow/react/dist/base.css'
import './stage.css'
import {
  type EdgeTypes,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  ViewportPortal,
} from '@xyflow/react'
import { Maximize } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { useValue } from '../store/hooks'
import { shareStructure } from '../store/share'
import { useElementSize } from './element-size'
import { EmptyHint } from './empty-hint'
import { EndpointWires } from './endpoint-wires'
import { BalancerNode, ClientNode } from './entrance-nodes'
import { EntranceWire } from './entrance-wire'
import { flowEdges, flowNodes } from './flow-elements'
import { setFocusHome } from './focus'
import { layOut, type StageLayout } from './layout/stage-layout'
import { MasterNode } from './master-node'
import { PodLayer } from './pod-layer'
import { ServiceNode } from './service-node'
import { LayoutGetterProvider, PlacesProvider } from './stage-context'
import { stageViews } from './stage-model'
import { useAutoFit, useBringIntoView, useStageKeys, ZOOM_MAX, ZOOM_MIN } from './viewport'
import { WaitingNode } from './waiting-node'
import { WorkerNode } from './worker-node'
import { WorkloadsNode } from './workloads-node'

const nodeTypes: NodeTypes = {
  client: ClientNode,
  balancer: BalancerNode,
  master: MasterNode,
  workloads: WorkloadsNode,
  waiting: WaitingNode,
  worker: WorkerNode,
  service: ServiceNode,
}
const edgeTypes: EdgeTypes = { entrance: EntranceWire }

/** The cluster as a graph: client → balancer → masters → waiting area → workers → Services. */
export default function Stage() {
  const frame = useRef<HTMLElement>(null)
  const size = useElementSize(frame)
  return (
    <section ref={frame} className="stage relative min-h-0 flex-1" aria-label="Stage">
      {size && (
        <ReactFlowProvider>
          <Graph width={size.width} height={size.height} />
        </ReactFlowProvider>
      )}
    </section>
  )
}

function Graph({ width, height }: { readonly width: number; readonly height: number }) {
  const session = useSession()
  const showSystem = useUi((state) => state.showSystem)
  const select = useUi((state) => state.select)
  const views = useMemo(() => stageViews(session, showSystem), [session, showSystem])
  const model = useValue(views.model)
  const seats = useValue(views.seats)
  const health = useValue(session.api)
  const layout = useMemo(
    () => layOut({ ...model, width, height, seats }),
    [model, width, height, seats],
  )
  const nodes = useSame(flowNodes(model, layout))
  const edges = useMemo(() => flowEdges(model), [model])
  const places = useMemo(() => ({ views, layout }), [views, layout])
  const getLayout = useLatest(layout)
  const home = `machine:${model.balancers[0] ?? model.masters[0]}`
  useEffect(() => setFocusHome(home), [home])
  const { moved, onMoved, zoomBy, fitAll } = useAutoFit(layout, { width, height })
  useStageKeys(zoomBy, fitAll)
  const view = useRef<HTMLDivElement>(null)
  useBringIntoView(view)
  return (
    <PlacesProvider value={places}>
      <LayoutGetterProvider value={getLayout}>
        <div
          ref={view}
          className="absolute inset-0"
          data-testid="graph"
          data-stale={health.state === 'silent'}
        >
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            onlyRenderVisibleElements
            minZoom={ZOOM_MIN}
            maxZoom={ZOOM_MAX}
            zoomOnDoubleClick={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            selectionKeyCode={null}
            panActivationKeyCode={null}
            onPaneClick={() => select(undefined)}
            onMoveEnd={onMoved}
          >
            <ViewportPortal>
              <EndpointWires />
              <PodLayer pods={layout.pods} />
            </ViewportPortal>
          </ReactFlow>
          <EmptyHint layout={layout} />
          {moved && (
            <button type="button" className="btn absolute right-3 bottom-7 z-10" onClick={fitAll}>
              <Maximize size={14} aria-hidden /> Fit
            </button>
          )}
        </div>
      </LayoutGetterProvider>
    </PlacesProvider>
  )
}

/** The value before as long as it says the same: React Flow works through every new list. */
function useSame<T>(value: T): T {
  const [same, setSame] = useState(value)
  const shared = shareStructure(same, value)
  if (shared !== same) setSame(shared)
  return shared
}

function useLatest(layout: StageLayout): () => StageLayout {
  const latest = useRef(layout)
  useEffect(() => {
    latest.current = layout
  }, [layout])
  return useCallback(() => latest.current, [])
}
