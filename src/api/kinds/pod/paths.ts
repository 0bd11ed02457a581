import { type FieldError, invalid, type Path } from '../../machinery/field'

/** No `..` between slashes. */
export function checkNoBacksteps(target: string, path: Path, errors: FieldError[]): boolean {
  if (!target.includes('..') || !target.split('/').includes('..')) return true
  errors.push(invalid(path, target, "must not contain '..'"))
  return false
}

/** Relative, and no `..`. */
export function checkLocalDescendingPath(target: string, path: Path, errors: FieldError[]): void {
  if (target.startsWith('/')) errors.push(invalid(path, target, 'must be a relative path'))
  checkNoBacksteps(target, path, errors)
}

/** Relative, no `..`, and not beginning with two dots either. */
export function checkLocalNonReservedPath(target: string, path: Path, errors: FieldError[]): void {
  checkLocalDescendingPath(target, path, errors)
  if (target.startsWith('..') && !target.startsWith('../')) {
    errors.push(invalid(path, target, "must not start with '..'"))
  }
}
