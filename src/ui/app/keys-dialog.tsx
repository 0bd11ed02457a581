import { DialogFrame } from './dialog-frame'
import { keyTable } from './shortcuts'

/** Every key of the page. */
export function KeysDialog() {
  return (
    <DialogFrame title="Keys">
      <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-2 text-sm">
        {keyTable.map(({ keys, does }) => (
          <div key={keys} className="contents">
            <dt className="font-mono text-[13px] font-semibold">{keys}</dt>
            <dd className="text-muted">{does}</dd>
          </div>
        ))}
      </dl>
    </DialogFrame>
  )
}
