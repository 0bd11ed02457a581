import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1'
import type { Pod, Service } from '../../api/generated/core-v1'
import type { Simulation } from '../../sim/simulation'
import { runtimePods } from './physical-rules'
import { isReady, nameOf, type QuietObjects } from './quiet-objects'

type Finding = string | undefined
const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && [...a].sort().join() === [...b].sort().join()

/** What is not as it should be once nothing is under way: `rule: what`. Empty when all is well. */
export function disagreements(objects: QuietObjects, sim: Simulation): readonly string[] {
  return [
    ...objects.nodes.map(nodeFinding),
    ...objects.pods.map(podFinding),
    ...objects.replicaSets.map((rs) => replicaSetFinding(objects, rs)),
    ...objects.deployments.map((deployment) => deploymentFinding(objects, deployment)),
    ...objects.services.flatMap((service) => serviceFindings(objects, service)),
    ...ownerFindings(objects),
    ...namespaceFindings(objects),
    ...addressFindings(objects),
    ...runtimeFindings(objects, sim),
  ].filter((finding) => finding !== undefined)
}

/** C11: all nodes are up, so all are Ready and none is tainted as lost. */
function nodeFinding(node: QuietObjects['nodes'][number]): Finding {
  if (!isReady(node)) return `C11: node ${nameOf(node)} is not Ready`
  const lost = node.spec?.taints?.find(({ key }) => key.startsWith('node.kubernetes.io/'))
  return lost && `C11: node ${nameOf(node)} still has the taint ${lost.key}`
}

/** S4 and K5: every pod has a place and runs; none is on its way out for ever. */
function podFinding(pod: Pod): Finding {
  if (pod.metadata.deletionTimestamp) return `K5: pod ${nameOf(pod)} is still being deleted`
  if (!pod.spec.nodeName) return `S4: pod ${nameOf(pod)} has no node`
  if (pod.status.phase === 'Succeeded') return undefined
  return isReady(pod) ? undefined : `K3: pod ${nameOf(pod)} is ${pod.status.phase}, not Ready`
}

/** C1, C2. */
function replicaSetFinding(objects: QuietObjects, rs: ReplicaSet): Finding {
  const wanted = rs.spec.replicas ?? 1
  const pods = objects.owned(objects.pods, rs).filter((pod) => !pod.metadata.deletionTimestamp)
  const name = nameOf(rs)
  if (pods.length !== wanted) return `C1: ${name} has ${pods.length} pods of ${wanted}`
  const ready = pods.filter(isReady).length
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, observedGeneration } = rs.status
  if (replicas !== wanted || readyReplicas !== ready || availableReplicas !== ready) {
    return `C1: status of ${name} says ${replicas}/${readyReplicas}/${availableReplicas}`
  }
  const { generation } = rs.metadata
  if (observedGeneration === generation) return undefined
  return `C1: status of ${name} is of generation ${observedGeneration}, not ${generation}`
}

/** C3: the newest ReplicaSet has all, the others none, and the status agrees. */
function deploymentFinding(objects: QuietObjects, deployment: Deployment): Finding {
  const name = nameOf(deployment)
  const { spec, status, metadata } = deployment
  const wanted = spec.replicas ?? 1
  const owned = objects.owned(objects.replicaSets, deployment)
  const active = owned.filter((rs) => (rs.spec.replicas ?? 0) > 0)
  const total = active.reduce((sum, rs) => sum + (rs.spec.replicas ?? 0), 0)
  if (active.length > 1 || total !== wanted) {
    return `C3: ${name} has ${active.length} active ReplicaSets of ${total} pods, wants ${wanted}`
  }
  const image = spec.template.spec?.containers[0]?.image
  const runs = active[0]?.spec.template?.spec?.containers[0]?.image
  if (active[0] && runs !== image) return `C3: ${name} runs ${runs} instead of ${image}`
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0, observedGeneration } = status
  if ([replicas, updatedReplicas, availableReplicas].some((count) => count !== wanted)) {
    return `C3: status of ${name} says ${replicas}/${updatedReplicas}/${availableReplicas}`
  }
  if (observedGeneration === metadata.generation) return undefined
  return `C3: status of ${name} is of generation ${observedGeneration}`
}

/** C9: slices and Endpoints hold exactly the ready pods. */
function serviceFindings(objects: QuietObjects, service: Service): Finding[] {
  if (!service.spec.selector) return []
  const due = objects.behind(service).map(({ status }) => status.podIP ?? '')
  const { name, namespace } = service.metadata
  const inSlices = objects.slices
    .filter(({ metadata }) => {
      const label = metadata.labels?.['kubernetes.io/service-name']
      return label === name && metadata.namespace === namespace
    })
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses ?? [])
  const inEndpoints = objects.endpoints
    .filter(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
    .flatMap(({ subsets }) => subsets ?? [])
    .flatMap(({ addresses }) => addresses ?? [])
    .map(({ ip }) => ip)
  const who = nameOf(service)
  return [
    same(inSlices, due) ? undefined : `C9: slices of ${who} have ${inSlices}, due are ${due}`,
    same(inEndpoints, due) ? undefined : `C9: Endpoints ${who} have ${inEndpoints}, due are ${due}`,
  ]
}

/** C8: nothing survives all of its owners. */
function ownerFindings(objects: QuietObjects): Finding[] {
  const uids = new Set([...objects.all.values()].map(({ metadata }) => metadata.uid))
  return [...objects.all].map(([key, { metadata }]) => {
    const owners = metadata.ownerReferences ?? []
    if (owners.length === 0 || owners.some(({ uid }) => uids.has(uid))) return undefined
    return `C8: ${key} outlived its owner ${owners[0]?.kind} ${owners[0]?.name}`
  })
}

/** A10, C13: removed namespaces are gone with all that was in them, living ones have their basics. */
function namespaceFindings(objects: QuietObjects): Finding[] {
  const prefix = '/registry/namespaces/'
  const names = new Set<string>()
  const findings: Finding[] = []
  for (const [key, { metadata }] of objects.all) {
    if (!key.startsWith(prefix)) continue
    names.add(metadata.name ?? '')
    if (metadata.deletionTimestamp) findings.push(`C13: namespace ${metadata.name} does not end`)
  }
  for (const name of names) {
    const has = (place: string) => objects.all.has(`/registry/${place}`)
    if (!has(`serviceaccounts/${name}/default`)) {
      findings.push(`C13: namespace ${name} has no default ServiceAccount`)
    }
    if (!has(`configmaps/${name}/kube-root-ca.crt`)) {
      findings.push(`C13: namespace ${name} has no kube-root-ca.crt`)
    }
  }
  for (const [key, { metadata }] of objects.all) {
    if (!metadata.namespace || names.has(metadata.namespace)) continue
    findings.push(`A10: ${key} is in a namespace that is not there`)
  }
  return findings
}

/** A15: pod addresses are unique, and the allocator's records are those in use. */
function addressFindings(objects: QuietObjects): Finding[] {
  const findings: Finding[] = []
  const holders = new Map<string, string>()
  for (const pod of objects.pods) {
    const { podIP } = pod.status
    if (!podIP || pod.spec.hostNetwork) continue
    const other = holders.get(podIP)
    if (other) findings.push(`A15: ${nameOf(pod)} and ${other} have ${podIP}`)
    holders.set(podIP, nameOf(pod))
  }
  const used = objects.services.flatMap(({ spec }) => spec.clusterIPs ?? [])
  const records = [...objects.all.keys()].flatMap((key) => {
    const prefix = '/registry/networking.k8s.io/ipaddresses/'
    return key.startsWith(prefix) ? [key.slice(prefix.length)] : []
  })
  const inUse = used.filter((ip) => ip !== 'None' && ip !== '')
  if (!same(inUse, records)) {
    findings.push(`A15: addresses in use ${inUse.sort()}, recorded ${records.sort()}`)
  }
  return findings
}

/** K8: what runs is what the API says, pod by pod, and nothing else. */
function runtimeFindings(objects: QuietObjects, sim: Simulation): Finding[] {
  const findings: Finding[] = []
  const wanted = new Map<string, Pod>()
  for (const pod of objects.pods) {
    const uid = pod.metadata.annotations?.['kubernetes.io/config.mirror'] ?? pod.metadata.uid ?? ''
    if (pod.status.phase === 'Running') wanted.set(`${pod.spec.nodeName} ${uid}`, pod)
  }
  for (const [machine, uid, { sandboxes, containers }] of runtimePods(sim)) {
    const running = containers.filter(({ state }) => state === 'running')
    if (running.length === 0) continue
    const pod = wanted.get(`${machine.id} ${uid}`)
    const name = sandboxes[0]?.config.name ?? uid
    if (!pod) findings.push(`K8: ${name} runs on ${machine.id} without an object`)
    else if (running.length !== pod.spec.containers.length) {
      findings.push(`K8: ${name} has ${running.length} running containers`)
    }
    wanted.delete(`${machine.id} ${uid}`)
  }
  for (const [place, pod] of wanted) findings.push(`K8: ${nameOf(pod)} does not run: ${place}`)
  return findings
}
