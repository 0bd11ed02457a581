import { Component, type ReactNode } from 'react'

interface Props {
  /** What failed, as the start of a sentence: `The stage`. */
  readonly what: string
  readonly children: ReactNode
}

/** A part of the page that fails leaves the others alone and can be tried again. */
export class ErrorBoundary extends Component<Props, { readonly message?: string }> {
  override state: { readonly message?: string } = {}

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) }
  }

  override render() {
    const { message } = this.state
    if (message === undefined) return this.props.children
    return (
      <div role="alert" className="m-4 rounded-xl border border-red bg-red-soft p-4 text-red">
        <p className="font-semibold">{this.props.what} failed to draw. The cluster goes on.</p>
        <p className="my-2 break-words font-mono text-xs">{message}</p>
        <button type="button" className="btn" onClick={() => this.setState({ message: undefined })}>
          Try again
        </button>
      </div>
    )
  }
}
