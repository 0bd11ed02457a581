import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../generated/core-v1'
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../machinery/field'
import { checkAll, checkRange, nameIsDNSSubdomain } from '../checks'
import { checkLocalDescendingPath } from './paths'

const idMax = 2 ** 31 - 1
const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/

/** `securityContext` of a container. */
export function validateContainerSecurity(
  context: SecurityContext,
  hostUsers: boolean,
  path: Path,
  errors: FieldError[],
): void {
  checkId(context.runAsUser, path.child('runAsUser'), errors)
  checkId(context.runAsGroup, path.child('runAsGroup'), errors)
  const { procMount } = context
  if (procMount !== undefined) {
    const at = path.child('procMount')
    const types = ['Default', 'Unmasked']
    if (!types.includes(procMount)) errors.push(notSupported(at, procMount, types))
    if (hostUsers && procMount === 'Unmasked') {
      errors.push(invalid(at, procMount, '`hostUsers` must be false to use `Unmasked`'))
    }
  }
  checkSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  if (context.allowPrivilegeEscalation === false) checkEscalation(context, path, errors)
  checkWindows(context.windowsOptions, path.child('windowsOptions'), errors)
  checkAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
}

/** `securityContext` of a pod. */
export function validatePodSecurity(
  context: PodSecurityContext,
  spec: PodSpec,
  path: Path,
  errors: FieldError[],
): void {
  checkId(context.fsGroup, path.child('fsGroup'), errors)
  checkId(context.runAsUser, path.child('runAsUser'), errors)
  checkId(context.runAsGroup, path.child('runAsGroup'), errors)
  context.supplementalGroups?.forEach((group, i) => {
    checkId(group, path.child('supplementalGroups').index(i), errors)
  })
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(path.child('shareProcessNamespace'), true, detail))
  }
  if (context.sysctls) validateSysctls(context, spec, path.child('sysctls'), errors)
  oneOf(
    context.fsGroupChangePolicy,
    ['Always', 'OnRootMismatch'],
    path,
    'fsGroupChangePolicy',
    errors,
  )
  checkSeccomp(context.seccompProfile, path.child('seccompProfile'), errors)
  checkWindows(context.windowsOptions, path.child('windowsOptions'), errors)
  checkAppArmor(context.appArmorProfile, path.child('appArmorProfile'), errors)
  const groups = ['Merge', 'Strict']
  oneOf(context.supplementalGroupsPolicy, groups, path, 'supplementalGroupsPolicy', errors)
  const changes = ['MountOption', 'Recursive']
  oneOf(context.seLinuxChangePolicy, changes, path, 'seLinuxChangePolicy', errors)
}

function oneOf(
  value: string | undefined,
  allowed: readonly string[],
  path: Path,
  field: string,
  errors: FieldError[],
): void {
  if (value === undefined || allowed.includes(value)) return
  errors.push(notSupported(path.child(field), value, allowed))
}

function checkId(id: number | undefined, path: Path, errors: FieldError[]): void {
  if (id !== undefined) checkRange(id, 0, idMax, path, errors)
}

function checkEscalation(context: SecurityContext, path: Path, errors: FieldError[]): void {
  const prefix = 'cannot set `allowPrivilegeEscalation` to false and'
  if (context.privileged) {
    errors.push(invalid(path, goSecurityContext(context), `${prefix} \`privileged\` to true`))
  }
  for (const capability of context.capabilities?.add ?? []) {
    if (capability !== 'CAP_SYS_ADMIN') continue
    const detail = `${prefix} \`capabilities.Add\` CAP_SYS_ADMIN`
    errors.push(invalid(path, goSecurityContext(context), detail))
  }
}

/** The context as the server's internal type prints: Go names, absent pointers as null. */
function goSecurityContext(context: SecurityContext): object {
  const { capabilities, seLinuxOptions: se, windowsOptions: win } = context
  const profile = (p: SeccompProfile | AppArmorProfile | undefined) =>
    p ? { Type: p.type ?? '', LocalhostProfile: p.localhostProfile ?? null } : null
  return {
    Capabilities: capabilities
      ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null }
      : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: se
      ? { User: se.user ?? '', Role: se.role ?? '', Type: se.type ?? '', Level: se.level ?? '' }
      : null,
    WindowsOptions: win
      ? {
          GMSACredentialSpecName: win.gmsaCredentialSpecName ?? null,
          GMSACredentialSpec: win.gmsaCredentialSpec ?? null,
          RunAsUserName: win.runAsUserName ?? null,
          HostProcess: win.hostProcess ?? null,
        }
      : null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: profile(context.seccompProfile),
    AppArmorProfile: profile(context.appArmorProfile),
  }
}

function checkSeccomp(profile: SeccompProfile | undefined, path: Path, errors: FieldError[]): void {
  if (!profile) return
  const at = path.child('type')
  if (!profile.type) errors.push(required(at, 'type is required when seccompProfile is set'))
  else if (!PROFILES.includes(profile.type)) errors.push(notSupported(at, profile.type, PROFILES))
  const file = path.child('localhostProfile')
  if (profile.type === 'Localhost') {
    if (profile.localhostProfile === undefined) {
      errors.push(required(file, 'must be set when seccomp type is Localhost'))
    } else checkLocalDescendingPath(profile.localhostProfile, file, errors)
  } else if (profile.localhostProfile !== undefined) {
    const bad = { Type: profile.type ?? '', LocalhostProfile: profile.localhostProfile }
    errors.push(invalid(file, bad, 'can only be set when seccomp type is Localhost'))
  }
}

function checkAppArmor(
  profile: AppArmorProfile | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!profile) return
  const file = path.child('localhostProfile')
  const local = profile.localhostProfile
  switch (profile.type ?? '') {
    case 'Localhost':
      if (local === undefined || local === '') {
        errors.push(required(file, 'must be set when AppArmor type is Localhost'))
      } else if (local.trim() !== local) {
        errors.push(invalid(file, local, 'must not be padded with whitespace'))
      }
      if ((local?.length ?? 0) > 4095) errors.push(tooLong(file, 4095))
      return
    case 'RuntimeDefault':
    case 'Unconfined':
      if (local !== undefined) {
        errors.push(invalid(file, local, 'can only be set when AppArmor type is Localhost'))
      }
      return
    case '':
      errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'))
      return
    default:
      errors.push(notSupported(path.child('type'), profile.type, PROFILES))
  }
}

function checkWindows(
  options: WindowsSecurityContextOptions | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (!options) return
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined) {
    const at = path.child('gmsaCredentialSpecName')
    checkAll(nameIsDNSSubdomain(gmsaCredentialSpecName, false), gmsaCredentialSpecName, at, errors)
  }
  if (gmsaCredentialSpec === '') {
    const detail = 'gmsaCredentialSpec cannot be an empty string'
    errors.push(invalid(path.child('gmsaCredentialSpec'), '', detail))
  }
  if (runAsUserName === '') {
    const detail = 'runAsUserName cannot be an empty string'
    errors.push(invalid(path.child('runAsUserName'), '', detail))
  }
}

function validateSysctls(
  context: PodSecurityContext,
  spec: PodSpec,
  path: Path,
  errors: FieldError[],
): void {
  const names = new Set<string>()
  context.sysctls!.forEach((sysctl, i) => {
    const at = path.index(i).child('name')
    const name = sysctl.name ?? ''
    if (name === '') errors.push(required(at))
    else if (name.length > 253 || !SYSCTL.test(name)) {
      const detail = `must have at most 253 characters and match regex ^${SYSCTL.source.slice(1).replace('[./]', '[\\./]')}`
      errors.push(invalid(at, name, detail))
    } else if (names.has(name)) errors.push(duplicate(at, name))
    if (spec.hostNetwork && name.startsWith('net.')) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
    } else if (spec.hostIPC && /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"))
    }
    names.add(name)
  })
}

/** A pod with its own user namespace shares none of the host's others. */
export function validateHostUsers(spec: PodSpec, path: Path, errors: FieldError[]): void {
  if (spec.hostUsers !== false) return
  const detail = 'when `pod.Spec.HostUsers` is false'
  if (spec.hostNetwork) errors.push(forbidden(path.child('hostNetwork'), detail))
  if (spec.hostPID) errors.push(forbidden(path.child('HostPID'), detail))
  if (spec.hostIPC) errors.push(forbidden(path.child('HostIPC'), detail))
}
