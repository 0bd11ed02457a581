import type { NodeProps } from '@xyflow/react'
import { MonitorSmartphone, Split } from 'lucide-react'
import { memo, useMemo } from 'react'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useValue } from '../store/hooks'
import { Anchors } from './anchors'
import { PowerBadge } from './machine-badges'
import { useMachine } from './machine-hooks'
import { Thing } from './thing'

/** Who asks: you, with kubectl or this page. */
export const ClientNode = memo(function ClientNode() {
  return (
    <div className="entrance text-muted" title="You: this page, kubectl, and requests from outside">
      <MonitorSmartphone size={15} aria-hidden />
      <span className="font-medium text-ink">client</span>
      <Anchors />
    </div>
  )
})

/** The load balancer before the API servers. */
export const BalancerNode = memo(function BalancerNode({ data }: NodeProps) {
  const id = String(data.id)
  const facts = useMachine(id)
  const servers = useApiServers()
  if (!facts) return null
  const { machine, view } = facts
  const text = `${servers.running} of ${servers.total} API servers run`
  return (
    <>
      <Anchors />
      <Thing
        subject={{ kind: 'machine', key: id }}
        aria-label={`Machine ${id}, load balancer, ${machine.power}. ${text}`}
        data-testid="machine"
        data-name={id}
        data-role="load-balancer"
        data-power={machine.power}
        data-physical={view.physical}
        data-ready=""
        className="entrance justify-center"
        title={`${id}: sends each request to one of the API servers that answer its health check`}
      >
        <Split size={15} aria-hidden className="rotate-180 text-accent" />
        <span className="font-semibold">load balancer</span>
        <span className="truncate text-xs text-muted">{text}</span>
        <PowerBadge view={view} />
      </Thing>
    </>
  )
})

function useApiServers(): { readonly running: number; readonly total: number } {
  const { lab } = useSession()
  const source = useMemo(
    () =>
      derive([lab], () => {
        const masters = lab.get()?.machines.filter((m) => m.role === 'master') ?? []
        const running = masters.filter(
          (m) =>
            m.power === 'on' &&
            m.processes.some((p) => p.name.endsWith('kube-apiserver') && p.state === 'running'),
        )
        return { running: running.length, total: masters.length }
      }),
    [lab],
  )
  return useValue(source)
}
