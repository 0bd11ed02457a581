import { CircleCheck, CircleX, Minus } from 'lucide-react'
import type { TextRange } from './manifest/parse-manifest'
import type { Message } from './submit'

interface Props {
  readonly messages: readonly Message[]
  onGo(range: TextRange): void
}

const SHOWN_MAX = 200
const SIGNS = { good: CircleCheck, plain: Minus, bad: CircleX }
const TONES = { good: 'text-green', plain: 'text-muted', bad: 'text-red' }

/** What came of Apply or Delete, object by object; a fault leads to its line. */
export function MessageList({ messages, onGo }: Props) {
  return (
    <div role="status" hidden={messages.length === 0}>
      <ul
        className="max-h-44 shrink-0 overflow-auto border-t border-line px-3 py-2 text-[13px]"
        data-testid="messages"
        aria-label="Outcome"
      >
        {messages.slice(0, SHOWN_MAX).map((message, index) => {
          const Sign = SIGNS[message.tone]
          const { range } = message
          return (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced whole
              key={index}
              className={`flex items-start gap-2 py-0.5 ${TONES[message.tone]}`}
              data-tone={message.tone}
            >
              <Sign size={14} aria-hidden className="mt-1 shrink-0" />
              <span className="min-w-0 break-words">
                {message.text}
                {range && (
                  <>
                    {' '}
                    <button
                      type="button"
                      className="rounded font-medium whitespace-nowrap text-accent underline underline-offset-2"
                      onClick={() => onGo(range)}
                    >
                      line {range.startLine}
                    </button>
                  </>
                )}
              </span>
            </li>
          )
        })}
        {messages.length > SHOWN_MAX && (
          <li className="text-muted">{messages.length - SHOWN_MAX} more lines.</li>
        )}
      </ul>
    </div>
  )
}
