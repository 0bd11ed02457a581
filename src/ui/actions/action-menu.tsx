import { Search } from 'lucide-react'
import { useRef } from 'react'
import { Menu, MenuItem, Popover, Text } from 'react-aria-components'
import { useSession } from '../app/session'
import { type Choice, type OpenMenu, useUi } from '../app/ui-state'
import { type Action, actionsFor } from './actions'

function inspectChoice({ subject, label }: Choice): Action {
  return { id: subject.key, label, icon: Search, run: () => useUi.getState().select(subject) }
}

/** The menu of a thing on the stage, at the pointer or beside the thing. */
export function ActionMenu({ menu }: { readonly menu: OpenMenu }) {
  const session = useSession()
  const anchor = useRef<HTMLSpanElement>(null)
  const openMenu = useUi((state) => state.openMenu)
  const { subject, choices = [] } = menu
  const actions = subject ? actionsFor(session, subject) : choices.map(inspectChoice)
  const close = () => {
    openMenu(undefined)
    menu.opener?.focus()
  }
  return (
    <>
      <span
        ref={anchor}
        aria-hidden
        className="fixed size-px"
        style={{ left: menu.x, top: menu.y }}
      />
      <Popover
        isOpen
        triggerRef={anchor}
        placement="bottom start"
        offset={4}
        onOpenChange={(open) => {
          if (!open) close()
        }}
        className="min-w-56 rounded-xl border border-line bg-raised p-1 shadow-lg outline-none"
      >
        <Menu
          aria-label={subject ? `Actions for ${subject.key}` : 'More'}
          autoFocus="first"
          onClose={close}
          className="outline-none"
          data-testid="menu"
          disabledKeys={actions.filter((a) => a.disabled).map((a) => a.id)}
        >
          {actions.map((action) => (
            <MenuItem
              key={action.id}
              id={action.id}
              textValue={action.label}
              onAction={action.run}
              className={({ isFocused, isDisabled }) =>
                `flex items-center gap-2 rounded-lg px-2.5 py-1.5 text-[13px] outline-none ${
                  isDisabled ? 'text-muted opacity-60' : action.danger ? 'text-red' : 'text-ink'
                } ${isFocused ? 'bg-hover' : ''}`
              }
            >
              <action.icon size={15} aria-hidden />
              <Text slot="label">{action.label}</Text>
              {action.disabled && (
                <Text slot="description" className="ml-auto text-xs text-muted">
                  {action.disabled}
                </Text>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </>
  )
}
