import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: [{ find: /^monaco-editor\/esm\/vs\/(.*)$/, replacement: 'monaco-editor/$1' }],
  },
  worker: { format: 'es' },
  // What only workers import: a cold start would find it late and reload the page.
  optimizeDeps: { include: ['monaco-yaml/yaml.worker', 'yaml', 'ipaddr.js', 'rfc6902'] },
  build: { target: 'es2023', chunkSizeWarningLimit: 6000 },
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
    environment: 'node',
    testTimeout: 60_000,
    maxWorkers: 2,
  },
})
