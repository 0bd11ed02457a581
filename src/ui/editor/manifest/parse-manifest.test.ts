import { describe, expect, it } from 'vitest'
import { fieldProblems, parseFieldPath } from './field-path'
import { defaultLimits, parseManifest } from './parse-manifest'

const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`

function laughs(levels: number): string {
  const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
  for (let level = 1; level <= levels; level += 1) {
    const parts = Array.from({ length: 9 }, () => `*a${level - 1}`)
    lines.push(`a${level}: &a${level} [${parts.join(', ')}]`)
  }
  return lines.join('\n')
}

describe('parseManifest', () => {
  it('reads several documents and leaves empty ones out', () => {
    const { documents, faults } = parseManifest(
      `---\n${pod('a')}---\n---\n# nothing\n---\n${pod('b')}`,
    )
    expect(faults).toEqual([])
    expect(documents.map((d) => (d.value.metadata as { name: string }).name)).toEqual(['a', 'b'])
  })

  it("reads words as kubectl's YAML does", () => {
    const text =
      'on: yes\nmode: 0644\nport: 22:22\nday: 2026-01-01\nbase: &b { x: 1 }\nmore: { <<: *b, z: 2 }\n'
    expect(parseManifest(text).documents[0]!.value).toEqual({
      true: true,
      mode: 420,
      port: '22:22',
      day: '2026-01-01',
      base: { x: 1 },
      more: { x: 1, z: 2 },
    })
  })

  const refused: { name: string; text: string; message: RegExp; line?: number }[] = [
    { name: 'broken YAML', text: 'a: 1\nb: [1, 2\nc: 3', message: /./, line: 3 },
    { name: 'a key twice', text: 'a: 1\na: 2', message: /key "a" already set/, line: 2 },
    { name: 'a plain word', text: 'hello', message: /must be an object/, line: 1 },
    { name: 'a list', text: '- a\n- b', message: /must be an object/, line: 1 },
    {
      name: 'five megabytes',
      text: `a: ${'x'.repeat(5_000_000)}`,
      message: /4\.8 MB.*at most 2\.0 MB/,
    },
    {
      name: 'ten thousand documents',
      text: pod('x').concat('---\n').repeat(10_000),
      message: /10001 documents.*at most 500/,
    },
    { name: 'a billion laughs', text: laughs(12), message: /too large when its aliases/ },
    {
      name: 'great depth in flow style',
      text: `a: ${'['.repeat(20_000)}`,
      message: /nested too deeply/,
    },
    {
      name: 'great depth on one line',
      text: `${'- '.repeat(20_000)}a`,
      message: /nested too deeply/,
    },
    {
      name: 'great depth in block style',
      text: Array.from({ length: 150 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      message: /nested too deeply/,
    },
    { name: 'an alias of nothing', text: 'a: *nothing', message: /nothing/, line: 1 },
  ]
  it.each(refused)('refuses $name with a sentence and reads nothing', ({ text, message, line }) => {
    const { documents, faults } = parseManifest(text)
    expect(documents).toEqual([])
    expect(faults.length).toBeGreaterThan(0)
    expect(faults[0]!.message).toMatch(message)
    if (line !== undefined) expect(faults.some((f) => f.range?.startLine === line)).toBe(true)
  })

  it('counts values over all documents', () => {
    const limits = { ...defaultLimits, valuesMax: 40 }
    const { faults } = parseManifest(`${pod('a')}---\n${pod('b')}---\n${laughs(1)}`, limits)
    expect(faults).toHaveLength(1)
  })

  it('keeps __proto__ a field like any other', () => {
    const { value } = parseManifest('kind: Pod\n__proto__:\n  polluted: true\n').documents[0]!
    expect(Object.keys(value)).toContain('__proto__')
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  const text = `${pod('a')}---\nspec:\n  containers:\n    - name: one\n    - name: two\n      image: x\n`
  it.each([
    ['spec.containers[1].image', 10],
    ['spec.containers[0].image', 8],
    ['spec.containers[1].ports[0].containerPort', 9],
    ['spec.replicas', 6],
    ['spec.containers.image', 10],
    ['', 6],
  ])('finds the line of %s, or of what is there of it', (path, line) => {
    expect(parseManifest(text).locate(1, parseFieldPath(path))?.startLine).toBe(line)
  })
})

describe('fieldProblems', () => {
  it('takes each cause', () => {
    const causes = [
      {
        field: 'spec.containers[0].image',
        message: 'Required value',
        reason: 'FieldValueRequired',
      },
    ]
    expect(fieldProblems({ message: 'Pod "a" is invalid', details: { causes } })).toEqual([
      {
        path: ['spec', 'containers', 0, 'image'],
        message: 'spec.containers[0].image: Required value',
      },
    ])
  })

  it('finds the fields that strict decoding names', () => {
    const message =
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas", unknown field "spec.template.spec.containers[0].imge"'
    expect(fieldProblems({ message }).map((p) => p.path.join('/'))).toEqual([
      'spec/replcas',
      'spec/template/spec/containers/0/imge',
    ])
  })

  it('finds the field of a wrong type', () => {
    const message =
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'
    expect(fieldProblems({ message })).toEqual([{ path: ['spec', 'replicas'], message }])
  })
})
