import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

export default ts.config(
	{ ignores: ['.svelte-kit/', 'build/', 'src/lib/api/schema.d.ts'] },
	js.configs.recommended,
	ts.configs.strictTypeChecked,
	svelte.configs.recommended,
	prettier,
	svelte.configs.prettier,
	{
		languageOptions: {
			globals: { ...globals.browser, ...globals.node },
			parserOptions: {
				projectService: { allowDefaultProject: ['*.js', 'static/*.js'] },
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte']
			}
		},
		rules: {
			eqeqeq: 'error',
			// The compiler knows every global, also those of declarations.
			'no-undef': 'off',
			'no-restricted-imports': [
				'error',
				{
					name: '@lucide/svelte',
					message: 'Import each icon by itself: the index makes every check read thousands of files.'
				}
			],
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
			],
			// There are no enums here, and looking for them takes longer than any other rule.
			'@typescript-eslint/no-unsafe-enum-assignment': 'off',
			// Large sets live in plain Maps behind version counters on purpose: see src/lib/sync.
			'svelte/prefer-svelte-reactivity': 'off'
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser } }
	},
	{
		// To typescript-eslint an imported component is `any`; svelte-check covers the types in these files.
		files: ['**/*.svelte', '**/*.test.ts'],
		rules: {
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-return': 'off'
		}
	},
	// `expect(x.method)` asks about a method without calling it.
	{ files: ['**/*.test.ts'], rules: { '@typescript-eslint/unbound-method': 'off' } },
	{ files: ['**/*.js'], extends: [ts.configs.disableTypeChecked] }
);
