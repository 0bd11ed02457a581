import { BookOpen } from 'lucide-react'
import { Button, Menu, MenuItem, MenuTrigger, Popover, Text } from 'react-aria-components'
import { examples } from './examples'

/** Manifests to start from. Choosing one replaces the text; undo brings it back. */
export function ExampleMenu({ onChoose }: { onChoose(text: string): void }) {
  return (
    <MenuTrigger>
      <Button className="btn h-7" data-testid="examples">
        <BookOpen size={14} aria-hidden /> Examples
      </Button>
      <Popover
        placement="bottom start"
        className="w-80 rounded-xl border border-line bg-raised p-1 shadow-lg outline-none"
      >
        <Menu
          aria-label="Examples"
          className="max-h-[84vh] overflow-auto outline-none"
          onAction={(id) => {
            const example = examples.find((candidate) => candidate.id === id)
            if (example) onChoose(example.text)
          }}
        >
          {examples.map(({ id, title, watch }) => (
            <MenuItem
              key={id}
              id={id}
              textValue={title}
              className={({ isFocused }) =>
                `rounded-lg px-3 py-2 outline-none ${isFocused ? 'bg-hover' : ''}`
              }
            >
              <Text slot="label" className="block text-[13px] font-semibold">
                {title}
              </Text>
              <Text slot="description" className="block text-xs text-muted">
                {watch}
              </Text>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
