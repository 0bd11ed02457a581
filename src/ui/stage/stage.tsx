import '@xyflow/react/dist/base.css'
import './stage.css'
import {
  type EdgeTypes,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Viewport,
  ViewportPortal,
} from '@xyflow/react'
import { Maximize } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { tinykeys } from 'tinykeys'
import { useSession } from '../app/session'
import { free } from '../app/shortcuts'
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
  return (
    <PlacesProvider value={places}>
      <LayoutGetterProvider value={getLayout}>
        <div
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
            <button type="button" className="btn absolute right-3 bottom-3 z-10" onClick={fitAll}>
              <Maximize size={14} aria-hidden /> Fit
            </button>
          )}
        </div>
      </LayoutGetterProvider>
    </PlacesProvider>
  )
}

interface Size {
  readonly width: number
  readonly height: number
}

const ZOOM_MIN = 0.08
const ZOOM_MAX = 3

/** The thing in focus, or the middle of the stage. */
function zoomCentre(width: number, height: number): { readonly x: number; readonly y: number } {
  const stage = document.querySelector('.stage')?.getBoundingClientRect()
  const focused = document.activeElement?.closest('.stage [data-subject]')?.getBoundingClientRect()
  if (!stage || !focused) return { x: width / 2, y: height / 2 }
  return {
    x: focused.left + focused.width / 2 - stage.left,
    y: focused.top + focused.height / 2 - stage.top,
  }
}

function fitted(layout: StageLayout, width: number): Viewport {
  const x = Math.max(0, (width - layout.width * layout.scale) / 2)
  return { x, y: 0, zoom: layout.scale }
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

/** Shows the whole stage until a person pans or zooms; then leaves the view to them. */
function useAutoFit(layout: StageLayout, { width, height }: Size) {
  const { setViewport, getViewport } = useReactFlow()
  const [moved, setMoved] = useState(false)
  const zoomBy = useCallback(
    (factor: number) => {
      const { x, y, zoom: before } = getViewport()
      const zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, before * factor))
      const { x: px, y: py } = zoomCentre(width, height)
      const part = zoom / before
      void setViewport({ x: px - (px - x) * part, y: py - (py - y) * part, zoom })
      setMoved(true)
    },
    [width, height, getViewport, setViewport],
  )
  const fitAll = useCallback(() => {
    void setViewport(fitted(layout, width))
    setMoved(false)
  }, [layout, width, setViewport])
  useEffect(() => {
    if (!moved) fitAll()
  }, [moved, fitAll])
  const onMoved = useCallback(
    (event: unknown, view: Viewport) => {
      const { x, y, zoom } = fitted(layout, width)
      const same = Math.abs(view.x - x) < 1 && Math.abs(view.y - y) < 1 && view.zoom === zoom
      if (event && !same) setMoved(true)
    },
    [layout, width],
  )
  return { moved, onMoved, zoomBy, fitAll }
}

const ZOOM_STEP = 1.25

function useStageKeys(zoomBy: (factor: number) => void, fitAll: () => void): void {
  useEffect(() => {
    const zoomIn = free(() => zoomBy(ZOOM_STEP))
    const zoomOut = free(() => zoomBy(1 / ZOOM_STEP))
    return tinykeys(window, {
      '+': zoomIn,
      'Shift++': zoomIn,
      '=': zoomIn,
      '-': zoomOut,
      '0': free(fitAll),
    })
  }, [zoomBy, fitAll])
}
