import { DialogFrame } from './dialog-frame'
import { Legend } from './legend'
import { keyTable } from './shortcuts'

/** Every key of the page, and what the stage's signs mean. */
export function KeysDialog() {
  return (
    <DialogFrame title="Keys and signs" wide>
      <div className="grid gap-x-8 gap-y-5 min-[760px]:grid-cols-2">
        <div>
          <h3 className="mb-2 text-sm font-semibold">Keys</h3>
          <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-1.5 text-sm">
            {keyTable.map(({ keys, does }) => (
              <div key={keys} className="contents">
                <dt className="w-fit rounded-md border border-line bg-raised px-1.5 font-mono text-xs leading-6 font-semibold whitespace-nowrap">
                  {keys}
                </dt>
                <dd className="text-muted">{does}</dd>
              </div>
            ))}
          </dl>
        </div>
        <div>
          <h3 className="mb-2 text-sm font-semibold">Pods</h3>
          <Legend />
        </div>
      </div>
    </DialogFrame>
  )
}
