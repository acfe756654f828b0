export { TEXT_ALIAS_SPACE, TextDecoder, type TextGrammar, type TextMode, type TextOptions } from './decode.ts'
