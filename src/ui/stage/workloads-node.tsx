import { Layers } from 'lucide-react'
import { memo, useMemo } from 'react'
import { keyOf } from '../../api/object'
import { useSession } from '../app/session'
import { useUi } from '../app/ui-state'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { isSystemNamespace } from '../view/names'
import { usePlaces } from './stage-context'
import { Thing } from './thing'

/** What is wanted: the Deployments, each with how many of its replicas are ready. */
export const WorkloadsNode = memo(function WorkloadsNode() {
  const { cluster } = useSession()
  const showSystem = useUi((state) => state.showSystem)
  const openMenu = useUi((state) => state.openMenu)
  const source = useMemo(
    () =>
      derive([cluster.deployments], () =>
        cluster.deployments
          .all()
          .filter((d) => showSystem || !isSystemNamespace(d.metadata.namespace))
          .map((d) => ({
            at: keyOf(d),
            name: d.metadata.name,
            wanted: d.spec?.replicas ?? 1,
            ready: d.status?.readyReplicas ?? 0,
          })),
      ),
    [cluster, showSystem],
  )
  const { layout } = usePlaces()
  const all = useValue(source)
  const shown = fitting(all, layout.workloads.width)
  const rest = all.slice(shown)
  return (
    <div className="workloads">
      {all.slice(0, shown).map((workload) => (
        <Workload key={workload.at} {...workload} />
      ))}
      {rest.length > 0 && (
        <button
          type="button"
          className="workload nopan text-muted"
          title={rest.map(labelOf).join(', ')}
          aria-haspopup="menu"
          aria-label={`${rest.length} more Deployments`}
          data-testid="more-deployments"
          onClick={({ currentTarget }) => {
            const { left, bottom } = currentTarget.getBoundingClientRect()
            const choices = rest.map((workload) => ({
              subject: { kind: 'deployment', key: workload.at } as const,
              label: labelOf(workload),
            }))
            openMenu({ choices, x: left, y: bottom, opener: currentTarget })
          }}
        >
          +{rest.length}
        </button>
      )}
    </div>
  )
})

function labelOf({ name, ready, wanted }: WorkloadProps): string {
  return `${name} ${ready}/${wanted}`
}

const CHIP_BASE = 74
const CHIP_PER_LETTER = 6.6
const CHIP_LETTERS_MAX = 14
const MORE_WIDTH = 44
const ONE_WIDTH_MIN = 130

/** How many chips stand side by side in this width, with room for a count of the others; the first may shrink. */
function fitting(all: readonly { readonly name: string }[], width: number): number {
  let left = width - MORE_WIDTH
  let count = 0
  for (const { name } of all) {
    left -= CHIP_BASE + CHIP_PER_LETTER * Math.min(name.length, CHIP_LETTERS_MAX)
    if (left < 0) break
    count += 1
  }
  return width >= ONE_WIDTH_MIN ? Math.max(1, count) : count
}

interface WorkloadProps {
  readonly at: string
  readonly name: string
  readonly wanted: number
  readonly ready: number
}

function Workload({ at, name, wanted, ready }: WorkloadProps) {
  const subject = { kind: 'deployment', key: at } as const
  return (
    <Thing
      subject={subject}
      className={`workload ${ready >= wanted ? 'tone-green' : 'tone-blue'}`}
      aria-label={`Deployment ${name}, ${ready} of ${wanted} ready`}
      title={`Deployment ${at}: ${ready} of ${wanted} replicas ready`}
      data-testid="deployment"
      data-name={name}
      data-wanted={wanted}
      data-ready={ready}
    >
      <Layers size={13} aria-hidden />
      <span className="max-w-28 truncate">{name}</span>
      <span className="tabular-nums">
        {ready}/{wanted}
      </span>
    </Thing>
  )
}
