/**
 * What journeys in `e2e/` may hold on to. Nothing else in the page's markup is promised.
 *
 * | data-testid | attributes |
 * |---|---|
 * | `page` | – the whole page |
 * | `clock` | `data-time` (virtual µs), `data-speed` (number or `max`; 0 is paused), `data-activity`, `data-settled` |
 * | `api` | `data-state`: `starting`, `answering`, `silent`; `data-tone`: `calm`, `starting`, `degraded`, `silent`; the sentence inside is `api-sentence` |
 * | `graph` | `data-stale`: `true` while the API is silent |
 * | `machine` | `data-name`, `data-role` (`master`, `worker`, `load-balancer`), `data-power` (physical), `data-physical` (power or `cut-off`), `data-ready` (`True`, `False`, `Unknown`, `missing`: what the Node says); masters also `data-etcd-role`, `data-etcd-term` |
 * | `component` | in a master: `data-name` (`etcd`, `kube-apiserver`, …), `data-state` (`running`, `starting`, `down`), `data-active` (holds the leader lease) |
 * | `disagreement` | in a machine: the API and the physics differ; its text says how |
 * | `pod` | `data-name`, `data-namespace`, `data-phase`, `data-state` (see view/pod-state.ts), `data-word`, `data-ready`, `data-node` (empty while it waits) |
 * | `waiting` | `data-count`, `data-state` (`waiting`, `empty`); the reason is `waiting-reason` |
 * | `deployment` | `data-name`, `data-wanted`, `data-ready`; those without room are in the menu of `more-deployments` |
 * | `service` | `data-name`, `data-namespace`, `data-endpoints` (ready ones), `data-state` |
 * | `wire` | `data-kind` (`entrance`, `endpoint`), `data-ready`; endpoint wires also `data-pod`, `data-service` |
 * | `manifest`, `editor` | the panel, and the text editor with `data-state`: `loading`, `ready` |
 * | `apply`, `delete`, `examples` | buttons of the manifest |
 * | `messages` | list of outcomes; each item has `data-tone`: `good`, `plain`, `bad` |
 * | `inspector` | `data-kind`, `data-key`; inside: `verdict`, `actions` (buttons with `data-action`), `container`, `events`, `endpoint`, `send-request`, `answer` (`data-status`, `data-pod`) |
 * | `menu` | the action menu of a thing (role `menu`, items by their text) |
 * | `notice` | the outcome of the latest action; `data-tone`: `plain`, `good`, `bad`, absent when none |
 * | `timeline`, `feed-toggle`, `feed` | event feed |
 * | `cluster-chip`, `set-up`, `quorum` | opens the set-up; its form; the line on the quorum |
 * | `theme`, `show-system` | switches in the top bar |
 * | `engine-failure` | the notice when the engine has ended by itself |
 *
 * Things on the stage can be focused (`data-subject` is `machine:…`, `pod:…`, `service:…`); arrow
 * keys move between them, Enter or Space opens the menu.
 */
export const selectors = {
  machine: (name: string) => `[data-testid="machine"][data-name="${name}"]`,
  component: (machine: string, name: string) =>
    `[data-testid="machine"][data-name="${machine}"] [data-testid="component"][data-name="${name}"]`,
  pods: (where = '') => `[data-testid="pod"]${where}`,
  service: (name: string) => `[data-testid="service"][data-name="${name}"]`,
  clock: '[data-testid="clock"]',
  api: '[data-testid="api"]',
}
