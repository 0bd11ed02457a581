import { API_GROUPS } from '../api/machinery/discovery'

/** The paths that `GET /` names. */
export const rootPaths: readonly string[] = [
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
  ...API_GROUPS.flatMap((group) => {
    if (group.name === '') return group.versions.map(({ version }) => `/api/${version}`)
    const root = `/apis/${group.name}`
    return [root, ...group.versions.map(({ version }) => `${root}/${version}`)]
  }),
].sort()
