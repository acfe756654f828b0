import '@vantage/charts/charts.css'
import './styles/main.css'
// biome-ignore lint/correctness/noUnresolvedImports: biome does not see constants within the namespace of @types/react.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('BUG: the page has no root element')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
