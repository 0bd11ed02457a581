import { useReactFlow, type Viewport } from '@xyflow/react'
import { type RefObject, useCallback, useEffect, useState } from 'react'
import { tinykeys } from 'tinykeys'
import { free } from '../app/shortcuts'
import type { StageLayout } from './layout/stage-layout'

interface Size {
  readonly width: number
  readonly height: number
}

export const ZOOM_MIN = 0.08
export const ZOOM_MAX = 3

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

/** Shows the whole stage until a person pans or zooms; then leaves the view to them. */
export function useAutoFit(layout: StageLayout, { width, height }: Size) {
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

const VIEW_EDGE = 12

/** Pans so far that what has got the focus is seen; the browser would scroll what must not scroll. */
export function useBringIntoView(view: RefObject<HTMLElement | null>): void {
  const { setViewport, getViewport } = useReactFlow()
  useEffect(() => {
    const element = view.current
    if (!element) return
    const onFocus = ({ target }: FocusEvent) => {
      if (!(target instanceof Element) || !target.closest('[data-subject]')) return
      for (let at = target.parentElement; at && at !== element; at = at.parentElement) {
        at.scrollTo(0, 0)
      }
      const frame = element.getBoundingClientRect()
      const box = target.getBoundingClientRect()
      const dx = shift([box.left, box.right], [frame.left, frame.right])
      const dy = shift([box.top, box.bottom], [frame.top, frame.bottom])
      if (dx === 0 && dy === 0) return
      const { x, y, zoom } = getViewport()
      void setViewport({ x: x + dx, y: y + dy, zoom })
    }
    element.addEventListener('focusin', onFocus)
    return () => element.removeEventListener('focusin', onFocus)
  }, [view, getViewport, setViewport])
}

type Span = readonly [start: number, end: number]

function shift([start, end]: Span, [from, to]: Span): number {
  if (end > to && start > from) return Math.max(to - VIEW_EDGE - end, from + VIEW_EDGE - start)
  return start < from && end < to ? Math.min(from + VIEW_EDGE - start, to - VIEW_EDGE - end) : 0
}

const ZOOM_STEP = 1.25

/** + - 0: zoom in, zoom out, show all. */
export function useStageKeys(zoomBy: (factor: number) => void, fitAll: () => void): void {
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
