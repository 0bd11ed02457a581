/** What an event does when its time has come. */
export interface Action {
  run(): void
}

/** A plain function as an action. */
export class Callback implements Action {
  readonly run: () => void

  constructor(run: () => void) {
    this.run = run
  }
}
