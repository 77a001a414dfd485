#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The oracle of the benchmark against small memories that were counted by hand.
# shellcheck source=tests/lib/tap.sh
source "$(dirname "$0")/../../lib/tap.sh"

oracle=$build/tests/bench/guest/bin/oracle

# memory DIR BOOST BLOCK...: the files of a guest with these blocks from frame
# 512 on. A block is a list of KIND:PAGES that come to 512.
memory() {
	local dir=$1 boost=$2
	shift 2
	mkdir -p "$dir"
	perl -e '
		my ($dir, @blocks) = @ARGV;
		# Bits as in Documentation/admin-guide/mm/pagemap.rst.
		my %bit = (locked => 0, lru => 5, slab => 7, buddy => 10,
			   mmap => 11, anon => 12, head => 15, tail => 16,
			   huge => 17, nopage => 20, thp => 22, pgtable => 26,
			   reserved => 32);
		my %kind = (free => [qw(buddy)], anon => [qw(lru mmap anon)],
			    file => [qw(lru)], orphan => [qw(lru anon)],
			    slab => [qw(slab)], table => [qw(pgtable)],
			    kernel => [], hole => [qw(nopage)],
			    boot => [qw(reserved)], head => [qw(huge head)],
			    tail => [qw(huge tail)], held => [qw(head)],
			    rest => [qw(tail)], large => [qw(lru anon mmap head)],
			    thp => [qw(thp lru anon mmap head)],
			    part => [qw(thp lru anon mmap tail)]);
		my @flags = (1 << $bit{nopage}) x 512;
		my @count = (0) x 512;
		for my $block (@blocks) {
			for (split /,/, $block) {
				my ($name, $nr) = split /:/;
				my $value = 0;
				$value |= 1 << $bit{$_} for @{$kind{$name}};
				push @flags, ($value) x $nr;
				push @count, ($name eq "anon") x $nr;
			}
		}
		for (["kpageflags", @flags], ["kpagecount", @count]) {
			my ($name, @values) = @$_;
			open my $out, ">:raw", "$dir/$name" or die;
			print $out pack "Q<*", map { $_ || 0 } @values;
		}' "$dir" "$@"
	cat > "$dir/zoneinfo" <<-END
		Node 0, zone    DMA32
		  per-node stats
		      nr_inactive_anon 123
		  pages free     4000
		        boost    $boost
		        min      $((400 + boost))
		        low      $((450 + boost))
		        high     $((1024 + boost))
		        spanned  $(($# * 512))
		        present  $(($# * 512))
		        managed  $(($# * 512))
		        protection: (0, 0, 0, 0)
		      nr_free_pages 4000
		  pagesets
		    cpu: 0
		              count: 3
		              high:  99999
		              batch: 63
		  node_unreclaimable:  0
		  start_pfn:           512
		Node 0, zone   Normal
		  pages free     0
		        boost    0
		        min      0
		        low      0
		        high     99999
		        spanned  0
		        present  0
		        managed  0
		        protection: (0, 0, 0, 0)
	END
}

# says KEY OPTIONS...: one of the figures
says() {
	local key=$1
	shift
	"$oracle" "$@" 2>&1 | sed -n "s/^$key=//p"
}

blocks=(
	free:512
	anon:100,free:412
	anon:10,slab:1,free:501
	anon:400,file:112
	anon:20,free:492
	file:300,free:212
	free:256,hole:256
	anon:49,orphan:1,free:462
	table:1,free:511
	anon:5,free:507
	file:7,free:505
)
memory "$tap_dir/old" 0 "${blocks[@]}"
old=(--proc "$tap_dir/old")
is "$(says before "${old[@]}")" 1 "a block is free when all of it is"
is "$(says clean_blocks "${old[@]}")" 7 \
	"slab, page tables, holes and pages nobody has mapped are in the way"
is "$(says free_pages_before "${old[@]}")" 4370 "free pages are counted"
is "$(says obtainable "${old[@]}")" 6 "the high watermark stays"
is "$(says undrained_pages "${old[@]}")" 3 "pages on CPU lists are told"
echo 2565 > "$tap_dir/pinned"
is "$(says clean_blocks "${old[@]}" --unmovable "$tap_dir/pinned")" 6 \
	"a page that is said to be pinned is in the way"
is "$(says obtainable "${old[@]}" --order 10)" 2 \
	"of two blocks each, two windows are clean"

memory "$tap_dir/boosted" 10000 "${blocks[@]}"
is "$(says high_pages --proc "$tap_dir/boosted")" 1024 \
	"what a watermark is boosted by does not count"

"$oracle" "${old[@]}" --save "$tap_dir/before" > /dev/null
after=(--proc "$tap_dir/new" --before "$tap_dir/before")
new=("${blocks[@]}")
new[1]=head:1,tail:511
new[4]=held:1,rest:511
memory "$tap_dir/new" 0 "${new[@]}"
is "$(says obtained "${after[@]}")" 2 "free blocks and new hugetlb pages count"
is "$(says ideal_moves "${after[@]}")" 5 "ideally from the emptiest blocks"
echo 2560 > "$tap_dir/held"
is "$(says obtained "${after[@]}" --held "$tap_dir/held")" 3 \
	"and regions that are held"
is "$(says ideal_moves "${after[@]}" --held "$tap_dir/held")" 12 \
	"the three emptiest have 0, 5 and 7 pages"
is "$(says of_unclean "${after[@]}" --held "$tap_dir/held")" 0 \
	"all of which were clean"
for i in 2 8; do
	new[i]=held:1,rest:511
	memory "$tap_dir/new" 0 "${new[@]}"
	echo $((512 + i * 512)) >> "$tap_dir/held"
done
is "$(says of_unclean "${after[@]}" --held "$tap_dir/held")" 2 \
	"two more were not: slab and a page table were in the way"
new[2]=${blocks[2]} new[8]=${blocks[8]}
memory "$tap_dir/new" 0 "${new[@]}"
echo 3072 > "$tap_dir/held"
like "$("$oracle" "${after[@]}" --held "$tap_dir/held" 2>&1)" \
	'no region at frame 3072' "a free block is not held"
# What is named as held is one piece, and no program's.
echo 2560 > "$tap_dir/held"
for what in anon:512 held:1,rest:510,anon:1 kernel:512 large:1,anon:511 \
	thp:1,part:511; do
	new[4]=$what
	memory "$tap_dir/new" 0 "${new[@]}"
	like "$("$oracle" "${after[@]}" --held "$tap_dir/held" 2>&1)" \
		'no region at frame 2560' "nor is a block of $what"
done
is "$(says obtained "${after[@]}" --held "$tap_dir/held" --huge)" 3 \
	"but a huge page of a program is one that it has"
for what in thp:1,part:510,anon:1 held:1,rest:511 large:1,anon:511; do
	new[4]=$what
	memory "$tap_dir/new" 0 "${new[@]}"
	like "$("$oracle" "${after[@]}" --held "$tap_dir/held" --huge 2>&1)" \
		'no region at frame 2560' "which a block of $what is not"
done
new[4]=held:1,rest:511

new[8]=head:1,tail:511
new[9]=tail:512
memory "$tap_dir/new" 0 "${new[@]}"
is "$(says obtained "${after[@]}")" 2 "part of a larger page is none"

done_testing
