import type { ComponentProps } from 'react'
import type { Subject } from '../app/ui-state'
import { useThingProps } from './focus'

interface Props extends ComponentProps<'div'> {
  readonly subject: Subject
}

/**
 * A thing on the stage that can be selected, focused and acted upon. A `div`, because machines hold
 * more than a button element may.
 */
export function Thing({ subject, tabIndex: _, ...rest }: Props) {
  const { tabIndex, ...props } = useThingProps(subject)
  // biome-ignore lint/a11y/useSemanticElements: see above
  return <div {...rest} {...props} role="button" tabIndex={tabIndex} />
}
