import type { ServiceSpec } from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  Path,
  required,
} from '../../machinery/field'
import { ipFamily, isValidIP } from '../../machinery/names'
import { checkIP } from '../checks'
import { isHeadless } from './defaults'

const CLUSTER_IPS = Path.of('spec', 'clusterIPs')
const IP_FAMILIES = Path.of('spec', 'ipFamilies')
const POLICY = Path.of('spec', 'ipFamilyPolicy')
const FAMILIES = ['IPv4', 'IPv6']
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack']

/** Cluster IPs, families and their policy; also checked before addresses are given out. */
export function validateAddresses(spec: ServiceSpec, errors: FieldError[]): void {
  if (spec.type === 'ExternalName') return
  const ips = spec.clusterIPs ?? []
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(required(CLUSTER_IPS))
    else if (ips[0] !== spec.clusterIP) {
      errors.push(invalid(CLUSTER_IPS, ips, 'first value must match `clusterIP`'))
    }
  } else if (ips.length > 0) {
    errors.push(invalid(CLUSTER_IPS, ips, 'must be empty when `clusterIP` is not specified'))
  }
  const families = spec.ipFamilies ?? []
  families.forEach((family, i) => {
    if (!FAMILIES.includes(family)) {
      errors.push(notSupported(IP_FAMILIES.index(i), family, FAMILIES))
    }
    if (families.indexOf(family) < i) errors.push(duplicate(IP_FAMILIES.index(i), family))
  })
  if (spec.ipFamilyPolicy !== undefined && !POLICIES.includes(spec.ipFamilyPolicy)) {
    errors.push(notSupported(POLICY, spec.ipFamilyPolicy, POLICIES))
  }
  if (checkEachIP(ips, errors)) checkStacks(spec, ips, errors)
}

function checkEachIP(ips: readonly string[], errors: FieldError[]): boolean {
  let good = true
  ips.forEach((ip, i) => {
    if (i === 0 && ip === 'None') {
      if (ips.length === 1) return
      errors.push(invalid(CLUSTER_IPS, ips, "'None' must be the first and only value"))
      good = false
    } else if (isValidIP(ip).length > 0) {
      checkIP(ip, CLUSTER_IPS.index(i), errors)
      good = false
    }
  })
  if (ips.length > 2) errors.push(invalid(CLUSTER_IPS, ips, 'may only hold up to 2 values'))
  return good
}

function checkStacks(spec: ServiceSpec, ips: readonly string[], errors: FieldError[]): void {
  if (ips.length > 1 && new Set(ips.map(ipFamily)).size < 2) {
    const detail = 'may specify no more than one IP for each IP family'
    errors.push(invalid(CLUSTER_IPS, ips, detail))
  }
  if (isHeadless(spec)) return
  const families = spec.ipFamilies ?? []
  ips.forEach((ip, i) => {
    const expected = families[i]
    if (expected === undefined || expected === `IPv${ipFamily(ip)}`) return
    const detail = `expected an ${expected} value as indicated by \`ipFamilies[${i}]\``
    errors.push(invalid(CLUSTER_IPS.index(i), ip, detail))
  })
}
