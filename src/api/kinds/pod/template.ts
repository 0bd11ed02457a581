import type { PodTemplateSpec } from '../../generated/core-v1'
import type { LabelSelector } from '../../generated/meta-v1'
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  type Path,
  required,
} from '../../machinery/field'
import { selectorMatches } from '../../machinery/selectors'
import { checkLabelSelector, checkLabels } from '../checks'
import { validateAnnotations } from '../metadata'
import { validatePodAnnotations } from './annotations'
import { validatePodSpec } from './validate-spec'

const TEMPLATE = { podName: '', isPod: false }

/** The template of a workload. */
export function validateTemplate(
  template: PodTemplateSpec,
  path: Path,
  errors: FieldError[],
): void {
  const { metadata } = template
  const spec = template.spec ?? { containers: [] }
  checkLabels(metadata?.labels, path.child('labels'), errors)
  const annotations = path.child('annotations')
  validateAnnotations(metadata?.annotations, annotations, errors)
  validatePodAnnotations(metadata?.annotations, spec, annotations, errors)
  validatePodSpec(spec, path.child('spec'), TEMPLATE, errors)
  if (spec.ephemeralContainers?.length) {
    const detail = 'ephemeral containers not allowed in pod template'
    errors.push(forbidden(path.child('spec', 'ephemeralContainers'), detail))
  }
}

/** The template of a controller: its labels match the selector, and its pods restart always. */
export function validateControllerTemplate(
  template: PodTemplateSpec,
  selector: LabelSelector | undefined,
  kind: string,
  path: Path,
  errors: FieldError[],
): void {
  const labels = template.metadata?.labels
  if (!selectorMatches(selector, labels)) {
    const detail = '`selector` does not match template `labels`'
    errors.push(invalid(path.child('metadata', 'labels'), labels ?? null, detail))
  }
  validateTemplate(template, path, errors)
  requireRestartAlways(template, kind, path, errors)
}

/** Pods of controllers restart always and have no deadline. */
export function requireRestartAlways(
  template: PodTemplateSpec,
  kind: string,
  path: Path,
  errors: FieldError[],
): void {
  const policy = template.spec?.restartPolicy ?? ''
  if (policy !== 'Always') {
    errors.push(notSupported(path.child('spec', 'restartPolicy'), policy, ['Always']))
  }
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(forbidden(path.child('spec', 'activeDeadlineSeconds'), detail))
  }
}

/** `spec.selector`: there, well formed, and not empty. */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  kind: string,
  path: Path,
  errors: FieldError[],
): void {
  if (!selector) {
    errors.push(required(path))
    return
  }
  checkLabelSelector(selector, path, errors)
  if (isEmptySelector(selector)) {
    errors.push(invalid(path, {}, `empty selector is invalid for ${kind}`))
  }
}

/** Selects everything. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length
}
