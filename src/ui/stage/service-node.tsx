import type { NodeProps } from '@xyflow/react'
import { memo, useMemo } from 'react'
import { splitKey } from '../../api/object'
import { useSession } from '../app/session'
import { derive } from '../store/derive'
import { useObject, useValue } from '../store/hooks'
import { endpointsText, portsText } from '../view/service-view'
import { Anchors } from './anchors'
import { Thing } from './thing'

/** A Service: its name, its ports, how many endpoints are ready. */
export const ServiceNode = memo(function ServiceNode({ data }: NodeProps) {
  const key = String(data.id)
  const { cluster, views } = useSession()
  const service = useObject(cluster.services, key)
  const source = useMemo(
    () => derive([views.endpoints], () => views.endpoints.get().get(key) ?? []),
    [views, key],
  )
  const endpoints = useValue(source)
  if (!service) return null
  const { namespace, name } = splitKey(key)
  const text = endpointsText(endpoints)
  const ready = endpoints.filter((endpoint) => endpoint.ready).length
  return (
    <>
      <Anchors />
      <Thing
        subject={{ kind: 'service', key }}
        aria-label={`Service ${name}, ${portsText(service)}, ${text}`}
        data-testid="service"
        data-name={name}
        data-namespace={namespace}
        data-endpoints={ready}
        data-state={ready > 0 ? 'ready' : 'empty'}
        className="service-pill"
        title={`${namespace}/${name} ${service.spec?.clusterIP ?? ''}`}
      >
        <b className="truncate">{name}</b>
        <span className="shrink-0 font-mono text-xs">{portsText(service)}</span>
        <span className="ml-auto shrink-0 text-xs text-muted">{text}</span>
      </Thing>
    </>
  )
})
