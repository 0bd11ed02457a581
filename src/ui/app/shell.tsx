import { lazy, Suspense, useEffect } from 'react'
import { Group, Panel, Separator } from 'react-resizable-panels'
import type { ClusterSpec } from '../../control/spec'
import { ClockControls } from '../clock/clock-controls'
import { StatusLine } from '../stage/status-line'
import { Timeline } from '../timeline/timeline'
import { ErrorBoundary } from './error-boundary'
import { Logo } from './logo'
import { useSession } from './session'
import { bindShortcuts } from './shortcuts'
import { TopActions } from './top-actions'
import { useUi } from './ui-state'
import { useNarrow } from './window-width'

const Stage = lazy(() => import('../stage/stage'))
const EditorPanel = lazy(() => import('../editor/editor-panel'))
const Inspector = lazy(() => import('../inspector/inspector'))
const Overlays = lazy(() => import('./overlays'))

interface Props {
  onNewCluster(spec: ClusterSpec): void
}

/**
 * One screen, five places: top bar, manifest, stage, inspector, timeline. In a narrow window the
 * inspector covers the manifest, so that the stage keeps its room.
 */
export function Shell({ onNewCluster }: Props) {
  const session = useSession()
  const editorOpen = useUi((state) => state.editorOpen)
  const selection = useUi((state) => state.selection)
  const narrow = useNarrow()
  const inspectorOver = narrow && editorOpen && selection !== undefined
  useEffect(() => bindShortcuts(session), [session])
  return (
    <div className="flex h-full flex-col" data-testid="page">
      <header className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line bg-surface px-3 py-1.5">
        <Logo />
        <div className="flex flex-1 justify-center max-[860px]:order-last max-[860px]:basis-full">
          <ClockControls />
        </div>
        <TopActions />
      </header>
      <main className="min-h-0 flex-1">
        <Group orientation="horizontal" className="h-full">
          {editorOpen && (
            <>
              <Panel
                id="editor-panel"
                defaultSize={340}
                minSize={240}
                maxSize="60%"
                groupResizeBehavior="preserve-pixel-size"
                className="relative"
              >
                <ErrorBoundary what="The editor">
                  <Suspense fallback={<EditorSkeleton />}>
                    <div className="h-full" inert={inspectorOver}>
                      <EditorPanel />
                    </div>
                  </Suspense>
                </ErrorBoundary>
                {inspectorOver && (
                  <div className="absolute inset-0 z-10">
                    <InspectorPanel />
                  </div>
                )}
              </Panel>
              <Separator
                aria-label="Width of the manifest"
                className="w-px bg-line outline-offset-0 data-[separator=active]:bg-accent data-[separator=hover]:bg-line-strong"
              />
            </>
          )}
          <Panel id="stage-panel" minSize={320}>
            <div className="stage-panel flex h-full flex-col bg-stage">
              <StatusLine />
              <ErrorBoundary what="The stage">
                <Suspense fallback={<div className="flex-1 bg-stage" />}>
                  <Stage />
                </Suspense>
              </ErrorBoundary>
            </div>
          </Panel>
          {selection && !inspectorOver && (
            <>
              <Separator
                aria-label="Width of the inspector"
                className="w-px bg-line data-[separator=active]:bg-accent data-[separator=hover]:bg-line-strong"
              />
              <Panel
                id="inspector-panel"
                defaultSize={290}
                minSize={240}
                maxSize="45%"
                groupResizeBehavior="preserve-pixel-size"
              >
                <InspectorPanel />
              </Panel>
            </>
          )}
        </Group>
      </main>
      <Timeline />
      <Suspense>
        <Overlays onNewCluster={onNewCluster} />
      </Suspense>
    </div>
  )
}

function InspectorPanel() {
  return (
    <ErrorBoundary what="The inspector">
      <Suspense fallback={<div className="h-full bg-surface" />}>
        <Inspector />
      </Suspense>
    </ErrorBoundary>
  )
}

function EditorSkeleton() {
  const widths = [40, 46, 34, 24, 20, 42, 52, 60, 34, 48, 56, 30]
  return (
    <div className="h-full bg-surface p-4" aria-hidden>
      {widths.map((width, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change
        <div key={index} className="mb-2 h-3 rounded bg-grey-soft" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}
