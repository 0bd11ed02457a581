import type { KeyboardEvent, MouseEvent } from 'react'
import { useEffect } from 'react'
import { create } from 'zustand'
import { isFocusedByPointer } from '../app/modality'
import { type Subject, sameSubject, useUi } from '../app/ui-state'
import { type Direction, neighbour } from './layout/neighbour'
import type { Rect } from './layout/rect'
import type { StageLayout } from './layout/stage-layout'
import { useLayoutGetter } from './stage-context'

/** Which thing of the stage the Tab key reaches; the arrows move it. */
interface RovingState {
  readonly at: string
  /** Where it begins, and where it returns when its thing goes. */
  readonly home: string
  moveTo(id: string): void
}

const useRoving = create<RovingState>()((set) => ({
  at: '',
  home: '',
  moveTo: (at) => set({ at }),
}))

export function setFocusHome(home: string): void {
  useRoving.setState({ home })
}

const DIRECTIONS: { readonly [key: string]: Direction } = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** `pod:default/web`: the id of a thing in the page. */
export function subjectId(subject: Subject): string {
  return `${subject.kind}:${subject.key}`
}

/** Space opens the menu of what was reached by key; after a click it still pauses the clock. */
function opensMenu(event: KeyboardEvent<HTMLElement>): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  if (event.key === ' ') return !isFocusedByPointer()
  return event.key === 'Enter' || event.key === 'ContextMenu'
}

/** Everything a thing on the stage needs to be selected, focused and acted upon. */
export function useThingProps(subject: Subject) {
  const id = subjectId(subject)
  const getLayout = useLayoutGetter()
  const select = useUi((state) => state.select)
  const openMenu = useUi((state) => state.openMenu)
  const selected = useUi((state) => sameSubject(state.selection, subject))
  const reachable = useRoving((state) => (state.at === '' ? state.home : state.at) === id)
  const moveTo = useRoving((state) => state.moveTo)
  useEffect(
    () => () => {
      const roving = useRoving.getState()
      if (roving.at === id) roving.moveTo('')
    },
    [id],
  )
  const menuAt = (element: HTMLElement, x: number, y: number) => {
    openMenu({ subject, x, y, opener: element })
  }
  return {
    'data-subject': id,
    tabIndex: reachable ? 0 : -1,
    'aria-haspopup': 'menu' as const,
    'aria-pressed': selected,
    onFocus: () => moveTo(id),
    onClick: (event: MouseEvent<HTMLElement>) => {
      event.stopPropagation()
      select(subject)
    },
    onContextMenu: (event: MouseEvent<HTMLElement>) => {
      event.preventDefault()
      event.stopPropagation()
      menuAt(event.currentTarget, event.clientX, event.clientY)
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const direction = DIRECTIONS[event.key]
      if (direction) {
        event.preventDefault()
        event.stopPropagation()
        const layout = getLayout()
        if (layout) focusNeighbour(allRects(layout), id, direction)
      } else if (opensMenu(event)) {
        event.preventDefault()
        event.stopPropagation()
        const box = event.currentTarget.getBoundingClientRect()
        menuAt(event.currentTarget, box.left + 12, box.bottom)
      }
    },
  }
}

function allRects(layout: StageLayout): ReadonlyMap<string, Rect> {
  const rects = new Map<string, Rect>()
  for (const [id, rect] of layout.machines) {
    rects.set(`machine:${id}`, { ...rect, height: Math.min(rect.height, 40) })
  }
  for (const [key, rect] of layout.pods) rects.set(`pod:${key}`, rect)
  for (const [key, rect] of layout.services) rects.set(`service:${key}`, rect)
  for (const element of document.querySelectorAll<HTMLElement>('[data-subject^="deployment:"]')) {
    const { x, y } = layout.workloads
    const { offsetLeft, offsetWidth: width, offsetHeight: height } = element
    rects.set(element.dataset.subject ?? '', { x: x + offsetLeft, y, width, height })
  }
  return rects
}

function focusNeighbour(rects: ReadonlyMap<string, Rect>, id: string, direction: Direction): void {
  let next = neighbour(rects, id, direction)
  while (next !== undefined) {
    const element = document.querySelector<HTMLElement>(`[data-subject="${CSS.escape(next)}"]`)
    if (element) {
      element.focus({ preventScroll: true })
      return
    }
    next = neighbour(rects, next, direction)
  }
}
