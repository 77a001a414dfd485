#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# house-rules.pl FILE...: the rules of CONTRIBUTING.md that a program can check
# by looking at lines. Prints "file:line: [rule] reason" for each place where
# one is broken, and ends with 1 if there was any.
#
# Where a rule has to be broken, the line itself or the one before says
# "lint-ok(rule): why".
use strict;
use warnings;

my $c = qr/\.[ch]$/;
my $product = qr{^(?:hv|guest-agent|proto)/.*\.[ch]$};
my $shell = qr/\.(?:sh|t)$/;
my $text = qr/(?:\.(?:[ch]|sh|t|mk|pl|py|config|conf)|Makefile)$/;
# The kernel's own checkpatch looks for it in patches; the rest has no comments
# or is what another program has printed.
my $no_licence = qr{\.patch$|(?:^|/)\.gitignore$|_samples/};

# Who may include what: one file each, so that what the rest of the tree knows
# of that interface is what this file shows of it. Tests that are there to hold
# the interface itself to account are named too.
my %may_include = (
	'linux/coalesce\.h' => qr{^(?:guest-agent/device\.c
		|tests/guest/prog/coalesce\.c
		|tests/bench/guest/device\.c)$}x,
	'numaif\.h' => qr{^hv/numa\.c$},
	'libvirt/[a-z-]+\.h' => qr{^hv/libvirt\.c$},
);

# [name, files, files left out, pattern, reason]
my @line_rules = (
	['machine-path', qr/./, qr{^tests/lint/|\.patch$},
	 qr{(?<![\w.])/(?:work|home/\w+|root|Users)/},
	 'names a path of one machine; take it as an argument or from the tree'],
	['unfinished', qr/./, qr{^tests/lint/|\.patch$|\.md$},
	 qr/\b(?:TODO|FIXME|XXX)\b/,
	 'unfinished work belongs into an issue'],
	['trailing-space', $text, undef, qr/[ \t]+$/,
	 'white space at the end of the line'],
	['tabs', $c, undef, qr/^ {2,}(?![ *])|^\t* {8,}\S/,
	 'indent with tabs of 8, as the kernel does'],
	['tabs', $shell, undef, qr/^ {2,}(?![ *])\S/,
	 'indent with tabs'],
	['sleep', qr{^tests/.*\.(?:sh|t|c|h)$|^hv/|^guest-agent/},
	 qr{^tests/lint/},
	 qr/(?:^|[\s;&|("'])sleep\s+[\d.]|\b(?:u|nano|clock_nano)?sleep\s*\(/,
	 'wait for a condition with a deadline (wait_for, poll), do not sleep'],
	['string', $product, undef, qr/\b(?:strcat|sprintf|vsprintf|gets|strncpy)\s*\(/,
	 'has no bound; use snprintf or memcpy with a checked size'],
	['number', $product, undef, qr/\b(?:atoi|atol|atoll)\s*\(/,
	 'does not see overflow; use strtoull and look at errno and the end'],
	['clock', $product, undef,
	 qr/\b(?:gettimeofday|time)\s*\(|CLOCK_REALTIME/,
	 'deadlines are on CLOCK_MONOTONIC: the wall clock jumps'],
	['exit', qr{^(?:hv|guest-agent|proto)/},
	 qr{/(?:main|options|ctl[a-z_]*)\.c$},
	 qr/(?<![\w_])_?exit\s*\((?!2\))/,
	 'only main() and command functions end the process'],
	['bug', qr/\.patch$/, undef, qr/^\+.*\b(?:BUG|BUG_ON|VM_BUG_ON)\s*\(/,
	 'a guest must not die of a surprise: WARN_ON_ONCE and roll back'],
);

# Calls that make a descriptor, and what must be among their arguments.
my %cloexec = (
	open => qr/O_CLOEXEC/, openat => qr/O_CLOEXEC/,
	socket => qr/SOCK_CLOEXEC/, socketpair => qr/SOCK_CLOEXEC/,
	accept4 => qr/SOCK_CLOEXEC/, pipe2 => qr/O_CLOEXEC/,
	memfd_create => qr/MFD_CLOEXEC/, eventfd => qr/EFD_CLOEXEC/,
	timerfd_create => qr/TFD_CLOEXEC/, signalfd => qr/SFD_CLOEXEC/,
	epoll_create1 => qr/EPOLL_CLOEXEC/, inotify_init1 => qr/IN_CLOEXEC/,
	fopen => qr/"\w*e\w*"/,
);
my %without_flags = map { $_ => 1 }
	qw(accept pipe epoll_create inotify_init creat dup);

my $broken = 0;

sub complain {
	my ($file, $line, $rule, $reason, $lines) = @_;

	for my $near ($line - 1, $line - 2) {
		return if $near >= 0 &&
			$lines->[$near] =~ /lint-ok\(\Q$rule\E\): \S/;
	}
	print "$file:$line: [$rule] $reason\n";
	$broken = 1;
}

# As the eye sees it: a tab goes to the next multiple of 8.
sub width {
	my ($line) = @_;

	1 while $line =~ s/\t/' ' x (8 - $-[0] % 8)/e;
	return length $line;
}

sub check_width {
	my ($file, $lines) = @_;

	for my $i (0 .. $#$lines) {
		# A message is not cut: who greps for it should find it.
		next if width($lines->[$i]) <= 80 || $lines->[$i] =~ /"[^"]{20,}"/;
		complain($file, $i + 1, 'width', 'over 80 columns', $lines);
	}
}

sub check_cloexec {
	my ($file, $lines) = @_;
	my $all = join "\n", @$lines;

	# Comments and the insides of strings call nothing.
	$all =~ s{(/\*.*?\*/)}{$1 =~ s/[^\n]/ /gr}gse;
	while ($all =~ /(?<![\w.>])(\w+)\s*(\((?:[^()]|(?2))*\))/g) {
		my ($name, $arguments, $at) = ($1, $2, $-[0]);
		my $line = 1 + (substr($all, 0, $at) =~ tr/\n//);

		pos($all) = $+[1];
		if ($without_flags{$name}) {
			complain($file, $line, 'cloexec',
				"$name() can't say close-on-exec; use the call that can",
				$lines);
		} elsif ($cloexec{$name} && $arguments !~ $cloexec{$name} &&
			 $arguments !~ /\bflags\b/) {
			complain($file, $line, 'cloexec',
				"$name() without close-on-exec: children inherit it",
				$lines);
		}
	}
}

sub check_includes {
	my ($file, $lines) = @_;

	for my $i (0 .. $#$lines) {
		next unless $lines->[$i] =~ /^\s*#\s*include\s*[<"]([^>"]+)/;
		my $header = $1;

		for my $pattern (sort keys %may_include) {
			next if $header !~ /(?:^|\/)$pattern$/ ||
				$file =~ $may_include{$pattern};
			complain($file, $i + 1, 'one-includer',
				"$header has one file that includes it; call that file",
				$lines);
		}
	}
}

for my $file (@ARGV) {
	open my $in, '<', $file or die "$file: $!\n";
	chomp(my @lines = <$in>);
	close $in;
	if ($file !~ $no_licence && !grep { /SPDX-License-Identifier: \S/ }
	    @lines[0 .. ($#lines < 2 ? $#lines : 2)]) {
		complain($file, 1, 'spdx', 'no SPDX-License-Identifier on top',
			\@lines);
	}
	for my $rule (@line_rules) {
		my ($name, $files, $but, $pattern, $reason) = @$rule;

		next if $file !~ $files || (defined $but && $file =~ $but);
		for my $i (0 .. $#lines) {
			complain($file, $i + 1, $name, $reason, \@lines)
				if $lines[$i] =~ $pattern;
		}
	}
	if ($file =~ $c) {
		# The kernel's own limit, for what goes there: see checkpatch.
		check_width($file, \@lines) unless $file =~ m{^kernel/};
		check_cloexec($file, \@lines);
		check_includes($file, \@lines);
	}
}
exit $broken;
