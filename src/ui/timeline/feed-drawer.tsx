import { useLayoutEffect, useRef } from 'react'
import { clockText } from '../view/time'
import type { FeedLine } from './feed'

const TONES: { readonly [tone in FeedLine['tone']]: string } = {
  plain: 'text-muted',
  good: 'text-green',
  warn: 'text-amber',
  bad: 'text-red',
  leader: 'text-amber',
}

/** Every line of the feed; stays at the newest unless the person has scrolled up. */
export default function FeedDrawer({ lines }: { readonly lines: readonly FeedLine[] }) {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs after each new line
  useLayoutEffect(() => {
    const element = box.current
    if (element && follows.current) element.scrollTop = element.scrollHeight
  }, [lines])
  return (
    <div
      ref={box}
      className="h-40 overflow-auto border-b border-line px-3 py-2"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by key
      tabIndex={0}
      role="log"
      aria-label="Events"
      data-testid="feed"
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
        follows.current = scrollHeight - scrollTop - clientHeight < 24
      }}
    >
      <table className="w-full table-fixed text-left text-[13px]">
        <colgroup>
          <col className="w-24" />
          <col className="w-40" />
          <col className="w-64" />
          <col />
        </colgroup>
        <thead className="sr-only">
          <tr>
            <th>Virtual time</th>
            <th>Reason</th>
            <th>About</th>
            <th>Message</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id} className="align-top">
              <td className="font-mono text-xs leading-5 text-muted tabular-nums">
                {clockText(line.time, 1)}
              </td>
              <td className={`truncate font-medium ${TONES[line.tone]}`}>{line.reason}</td>
              <td className="truncate" title={line.about}>
                {line.about}
              </td>
              <td className="break-words text-muted">
                {line.text}
                {line.count > 1 && <b className="ml-1.5 font-semibold text-ink">×{line.count}</b>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
