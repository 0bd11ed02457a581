import { CircleCheck, CircleX, Info } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useUi } from '../app/ui-state'

const SHOWN_MS = 8000
const SIGNS = { plain: Info, good: CircleCheck, bad: CircleX }
const TONES = { plain: 'tone-blue', good: 'tone-green', bad: 'tone-red' }

/** What came of the person's latest action, for a while; read out when it comes. */
export function NoticeLine() {
  const notice = useUi((state) => state.notice)
  const [over, setOver] = useState(0)
  useEffect(() => {
    if (!notice) return
    const timer = setTimeout(() => setOver(notice.id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  const shown = notice && notice.id !== over ? notice : undefined
  const Sign = shown && SIGNS[shown.tone]
  return (
    <div
      role="status"
      className="max-w-[70%] shrink-0 empty:hidden"
      data-testid="notice"
      data-tone={shown?.tone}
    >
      {shown && Sign && (
        <p className={`chip max-w-full py-0.5 ${TONES[shown.tone]}`} title={shown.text}>
          <Sign size={14} aria-hidden className="shrink-0" />
          <span className="truncate">{shown.text}</span>
        </p>
      )}
    </div>
  )
}
