import * as v from 'valibot';

export const PASSWORD_MIN = 8;
export const PASSWORD_MAX = 128;

export const email = v.pipe(
	v.string(),
	v.trim(),
	v.nonEmpty('Enter an email address.'),
	v.regex(/^[^\s@]+@[^\s@]+$/u, 'This is not a complete email address.')
);

/** Length is all the rules there are: long and memorable beats short and odd. */
export const newPassword = v.pipe(
	v.string(),
	v.nonEmpty('Choose a password.'),
	v.minLength(PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters.`),
	v.maxLength(PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters.`)
);

export const fullName = v.pipe(v.string(), v.trim(), v.nonEmpty('Enter a name.'));

export const signInSchema = v.object({
	email,
	password: v.pipe(v.string(), v.nonEmpty('Enter your password.'))
});

export const registerSchema = v.object({ full_name: fullName, email, password: newPassword });

export const passwordChangeSchema = v.object({
	current_password: v.pipe(v.string(), v.nonEmpty('Enter your current password.')),
	new_password: newPassword
});
