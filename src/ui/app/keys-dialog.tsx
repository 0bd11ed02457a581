import { DialogFrame } from './dialog-frame'
import { Legend } from './legend'
import { keyTable } from './shortcuts'

/** Every key of the page, and what the stage's signs mean. */
export function KeysDialog() {
  return (
    <DialogFrame title="Keys and signs">
      <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-2 text-sm">
        {keyTable.map(({ keys, does }) => (
          <div key={keys} className="contents">
            <dt className="font-mono text-[13px] font-semibold">{keys}</dt>
            <dd className="text-muted">{does}</dd>
          </div>
        ))}
      </dl>
      <h3 className="mt-5 mb-2 text-sm font-semibold">Pods</h3>
      <Legend />
    </DialogFrame>
  )
}
