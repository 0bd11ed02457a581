import type { Ingress, NetworkPolicy } from '../generated/networking-v1'
import type { PodDisruptionBudget } from '../generated/policy-v1'
import type { RoleBinding } from '../generated/rbac-v1'
import type { PriorityClass } from '../generated/scheduling-v1'
import {
  AGE,
  age,
  cut,
  integer,
  NAME,
  NONE,
  type Printer,
  printer,
  selectorText,
  text,
  wide,
} from './table-column'

const INGRESS = printer<Ingress>(
  [
    NAME,
    text('Class', 'The class of controller that serves the ingress.'),
    text('Hosts', 'The host names of the rules.'),
    text('Address', 'Addresses of the load balancer.'),
    text('Ports', 'Ports that are open: 443 where TLS is configured.'),
    AGE,
  ],
  (ingress, now) => {
    const hosts = (ingress.spec?.rules ?? []).map(({ host }) => host || '*').slice()
    const named = hosts.filter((host) => host !== '*')
    const addresses = ingress.status?.loadBalancer?.ingress ?? []
    return [
      ingress.metadata.name,
      ingress.spec?.ingressClassName ?? NONE,
      named.length === 0 ? '*' : cut(named),
      addresses.map(({ ip, hostname }) => ip || hostname || '').join(','),
      (ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
      age(ingress, now),
    ]
  },
)

const NETWORK_POLICY = printer<NetworkPolicy>(
  [NAME, text('Pod-Selector', 'Which pods the policy is about.'), AGE],
  (policy, now) => [policy.metadata.name, selectorText(policy.spec?.podSelector), age(policy, now)],
)

const DISRUPTION_BUDGET = printer<PodDisruptionBudget>(
  [
    NAME,
    text('Min Available', 'How many pods must stay available.'),
    text('Max Unavailable', 'How many pods may be unavailable.'),
    integer('Allowed Disruptions', 'How many pods may be evicted now.'),
    AGE,
  ],
  (budget, now) => [
    budget.metadata.name,
    String(budget.spec?.minAvailable ?? 'N/A'),
    String(budget.spec?.maxUnavailable ?? 'N/A'),
    budget.status?.disruptionsAllowed ?? 0,
    age(budget, now),
  ],
)

const BINDING = printer<RoleBinding>(
  [
    NAME,
    text('Role', 'The role that is granted.'),
    AGE,
    wide(text('Users', 'Users who have the role.')),
    wide(text('Groups', 'Groups that have the role.')),
    wide(text('ServiceAccounts', 'Service accounts that have the role.')),
  ],
  (binding, now) => {
    const of = (kind: string) => (binding.subjects ?? []).filter((subject) => subject.kind === kind)
    const accounts = of('ServiceAccount').map(({ namespace, name }) => `${namespace}/${name}`)
    return [
      binding.metadata.name,
      `${binding.roleRef.kind}/${binding.roleRef.name}`,
      age(binding, now),
      of('User')
        .map(({ name }) => name)
        .join(', '),
      of('Group')
        .map(({ name }) => name)
        .join(', '),
      accounts.join(', '),
    ]
  },
)

const PRIORITY_CLASS = printer<PriorityClass>(
  [
    NAME,
    integer('Value', 'The priority of pods of this class.'),
    { ...text('Global-Default', 'Whether pods without a class get it.'), type: 'boolean' },
    AGE,
    text('PreemptionPolicy', 'Whether pods of this class push out others.'),
  ],
  (priority, now) => [
    priority.metadata.name,
    priority.value ?? 0,
    priority.globalDefault ?? false,
    age(priority, now),
    priority.preemptionPolicy ?? '',
  ],
)

export const POLICY_PRINTERS: { readonly [kind: string]: Printer } = {
  'networking.k8s.io/Ingress': INGRESS,
  'networking.k8s.io/NetworkPolicy': NETWORK_POLICY,
  'policy/PodDisruptionBudget': DISRUPTION_BUDGET,
  'rbac.authorization.k8s.io/RoleBinding': BINDING,
  'rbac.authorization.k8s.io/ClusterRoleBinding': BINDING,
  'scheduling.k8s.io/PriorityClass': PRIORITY_CLASS,
}
