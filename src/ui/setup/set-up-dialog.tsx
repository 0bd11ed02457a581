import { type FormEvent, useState } from 'react'
import { Button, Group, Input, Label, NumberField } from 'react-aria-components'
import { parseQuantity } from '../../api/machinery/quantity'
import { type ClusterSpec, defaultSpec, mastersMax, workersMax } from '../../control/spec'
import { DialogFrame } from '../app/dialog-frame'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { explainMasters, zonesOf } from './explain'

/** Chooses what the next cluster is made of; the present one ends when it starts. */
export function SetUpDialog({ onNewCluster }: { onNewCluster(spec: ClusterSpec): void }) {
  const { spec } = useSession()
  const openDialog = useUi((state) => state.openDialog)
  const [draft, setDraft] = useState(spec)
  const [zones, setZones] = useState(spec.zones.join(', '))
  const change = (changes: Partial<ClusterSpec>) => setDraft((old) => ({ ...old, ...changes }))
  const faults = quantityFaults(draft)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (faults.length > 0) return
    onNewCluster({ ...draft, zones: zonesOf(zones) })
    openDialog(undefined)
  }
  return (
    <DialogFrame title="New cluster">
      <form onSubmit={submit} data-testid="set-up">
        <div className="grid grid-cols-2 gap-x-5 gap-y-3.5">
          <Amount
            label="Masters"
            value={draft.masters}
            min={1}
            max={mastersMax}
            onChange={(masters) => change({ masters })}
          />
          <Amount
            label="Workers"
            value={draft.workers}
            min={0}
            max={workersMax}
            onChange={(workers) => change({ workers })}
          />
          <p
            className="col-span-2 -mt-1 rounded-lg bg-grey-soft px-3 py-2 text-[13px] text-muted"
            data-testid="quorum"
          >
            {explainMasters(draft.masters)}
          </p>
          <TextField
            label="Cpu of a worker"
            value={draft.workerCpu}
            onChange={(workerCpu) => change({ workerCpu })}
            hint="4, 500m"
          />
          <TextField
            label="Memory of a worker"
            value={draft.workerMemory}
            onChange={(workerMemory) => change({ workerMemory })}
            hint="8Gi, 512Mi"
          />
          <TextField label="Zones" value={zones} onChange={setZones} hint="machines take turns" />
          <Amount
            label="Network latency, µs one way"
            value={draft.latencyMicros}
            min={50}
            max={500_000}
            step={50}
            onChange={(latencyMicros) => change({ latencyMicros })}
          />
          <Amount
            label="Seed"
            value={draft.seed}
            min={0}
            max={4_294_967_295}
            onChange={(seed) => change({ seed })}
          />
          <p className="self-end pb-1 text-[13px] text-muted">
            The same seed, spec and actions give the same run, event by event.
          </p>
        </div>
        {faults.map((fault) => (
          <p key={fault} role="alert" className="mt-3 text-[13px] text-red">
            {fault}
          </p>
        ))}
        <div className="mt-5 flex items-center justify-between gap-3">
          <button
            type="button"
            className="btn"
            onClick={() => {
              setDraft(defaultSpec)
              setZones(defaultSpec.zones.join(', '))
            }}
          >
            Back to 3 + 3
          </button>
          <span className="text-right text-[13px] text-muted">Ends the cluster you have now.</span>
          <button type="submit" className="btn btn-primary h-9 px-4" disabled={faults.length > 0}>
            Start this cluster
          </button>
        </div>
      </form>
    </DialogFrame>
  )
}

function quantityFaults(draft: ClusterSpec): readonly string[] {
  const fields = { 'Cpu of a worker': draft.workerCpu, 'Memory of a worker': draft.workerMemory }
  return Object.entries(fields)
    .filter(([, value]) => !parseQuantity(value).ok)
    .map(([label, value]) => `${label}: "${value}" is not a quantity like 4, 500m or 8Gi.`)
}

interface AmountProps {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step?: number
  onChange(value: number): void
}

const FIELD =
  'h-8 w-full min-w-0 rounded-lg border border-line bg-raised px-2.5 text-sm tabular-nums'

function Amount({ label, value, min, max, step = 1, onChange }: AmountProps) {
  return (
    <NumberField
      value={value}
      minValue={min}
      maxValue={max}
      step={step}
      onChange={(next) => onChange(Number.isNaN(next) ? min : next)}
      formatOptions={{ useGrouping: false }}
      className="flex flex-col gap-1"
    >
      <Label className="text-[13px] font-medium">{label}</Label>
      <Group className="flex gap-1">
        <Button slot="decrement" className="btn h-8 w-8 shrink-0 px-0">
          −
        </Button>
        <Input className={FIELD} />
        <Button slot="increment" className="btn h-8 w-8 shrink-0 px-0">
          +
        </Button>
      </Group>
    </NumberField>
  )
}

interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly hint: string
  onChange(value: string): void
}

function TextField({ label, value, hint, onChange }: TextFieldProps) {
  return (
    <label className="flex flex-col gap-1">
      <span className="text-[13px] font-medium">
        {label} <span className="font-normal text-muted">({hint})</span>
      </span>
      <input className={FIELD} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  )
}
