(** * Vectors of R^n

    A vector is a function [nat -> R] of which the first n entries count, and a matrix a function [nat -> vector].
    [same n u v] says that u and v agree in R^n. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences.
Open Scope R_scope.

Definition vector := nat -> R.
Definition matrix := nat -> vector.

Fixpoint dot (n : nat) (u v : vector) : R :=
  match n with
  | O => 0
  | S m => dot m u v + u m * v m
  end.

Definition norm (n : nat) (u : vector) : R := sqrt (dot n u u).
(** a u + b v *)
Definition combination (a : R) (u : vector) (b : R) (v : vector) : vector := fun i => a * u i + b * v i.
Definition difference (u v : vector) : vector := fun i => u i - v i.
Definition scale (a : R) (u : vector) : vector := fun i => a * u i.
Definition zero : vector := fun _ => 0.
Definition apply (n : nat) (M : matrix) (u : vector) : vector := fun i => dot n (M i) u.
Definition same (n : nat) (u v : vector) : Prop := forall i, (i < n)%nat -> u i = v i.
Definition symmetric (n : nat) (M : matrix) : Prop := forall i j, (i < n)%nat -> (j < n)%nat -> M i j = M j i.
(** Convergence in R^n. *)
Definition tends_to (n : nat) (u : nat -> vector) (limit : vector) : Prop :=
  is_lim_seq (fun k => norm n (difference (u k) limit)) 0.

(** Proves that two vectors agree entry by entry. *)
Ltac entrywise := intros ? ?; unfold combination, difference, scale, zero; try ring.

Lemma same_sym n u v : same n u v -> same n v u.
Proof. intros H i Hi. symmetry. auto. Qed.

Lemma same_trans n u v w : same n u v -> same n v w -> same n u w.
Proof. intros H1 H2 i Hi. rewrite H1; auto. Qed.

Lemma dot_same n u u' v v' : same n u u' -> same n v v' -> dot n u v = dot n u' v'.
Proof.
  induction n as [|n IH]; intros Hu Hv; simpl; auto.
  rewrite (Hu n), (Hv n) by lia. f_equal. apply IH; intros i Hi; auto.
Qed.

Lemma dot_commutes n u v : dot n u v = dot n v u.
Proof. induction n as [|n IH]; simpl; [reflexivity|]. rewrite IH. ring. Qed.

Lemma dot_combination_l n a u b v w : dot n (combination a u b v) w = a * dot n u w + b * dot n v w.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH. unfold combination. ring. Qed.

Lemma dot_combination_r n a u b v w : dot n w (combination a u b v) = a * dot n w u + b * dot n w v.
Proof. rewrite dot_commutes, dot_combination_l, !(dot_commutes n w). reflexivity. Qed.

Lemma dot_difference_l n u v w : dot n (difference u v) w = dot n u w - dot n v w.
Proof.
  rewrite (dot_same n _ (combination 1 u (-1) v) w w); [|entrywise|intros i _; reflexivity].
  rewrite dot_combination_l. ring.
Qed.

Lemma dot_difference_r n u v w : dot n w (difference u v) = dot n w u - dot n w v.
Proof. rewrite dot_commutes, dot_difference_l, !(dot_commutes n w). reflexivity. Qed.

Lemma dot_scale_l n a u w : dot n (scale a u) w = a * dot n u w.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH. unfold scale. ring. Qed.

Lemma dot_scale_r n a u w : dot n w (scale a u) = a * dot n w u.
Proof. rewrite dot_commutes, dot_scale_l, dot_commutes. reflexivity. Qed.

Lemma dot_zero_l n u v : (forall i, (i < n)%nat -> u i = 0) -> dot n u v = 0.
Proof. induction n as [|n IH]; intros H; simpl; auto. rewrite IH, H by auto. ring. Qed.

(** Rewrites an inner product of combinations into inner products of their parts. *)
Ltac expand_dots :=
  repeat (rewrite ?dot_combination_l, ?dot_combination_r, ?dot_difference_l, ?dot_difference_r,
                  ?dot_scale_l, ?dot_scale_r).

Lemma dot_self_nonneg n u : 0 <= dot n u u.
Proof. induction n as [|n IH]; simpl; [lra|]. assert (0 <= u n * u n) by apply Rle_0_sqr. lra. Qed.

Lemma entry_squared n u i : (i < n)%nat -> u i * u i <= dot n u u.
Proof.
  induction n as [|n IH]; intros Hi; [lia|]. simpl.
  assert (0 <= u n * u n) by apply Rle_0_sqr.
  destruct (Nat.eq_dec i n) as [->|Hne].
  - assert (H0 := dot_self_nonneg n u). lra.
  - assert (u i * u i <= dot n u u) by (apply IH; lia). lra.
Qed.

Lemma dot_self_zero n u : dot n u u = 0 -> same n u zero.
Proof.
  intros H i Hi. assert (E := entry_squared n u i Hi). rewrite H in E.
  apply Rsqr_0_uniq. unfold Rsqr. assert (0 <= u i * u i) by apply Rle_0_sqr. lra.
Qed.

Lemma norm_nonneg n u : 0 <= norm n u.
Proof. apply sqrt_pos. Qed.

Lemma norm_squared n u : norm n u * norm n u = dot n u u.
Proof. apply sqrt_sqrt, dot_self_nonneg. Qed.

Lemma norm_same n u v : same n u v -> norm n u = norm n v.
Proof. intros H. unfold norm. f_equal. apply dot_same; auto. Qed.

Lemma norm_at_most n u c : 0 <= c -> dot n u u <= c * c -> norm n u <= c.
Proof. intros Hc H. unfold norm. rewrite <- (sqrt_square c Hc). apply sqrt_le_1_alt, H. Qed.

Lemma norm_zero_same n u : norm n u = 0 -> same n u zero.
Proof. intros H. apply dot_self_zero. rewrite <- norm_squared, H. ring. Qed.

Lemma entry_norm n u i : (i < n)%nat -> Rabs (u i) <= norm n u.
Proof.
  intros Hi. unfold norm. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt, entry_squared, Hi.
Qed.

Lemma cauchy_schwarz n u v : Rabs (dot n u v) <= norm n u * norm n v.
Proof.
  assert (Hu := norm_nonneg n u). assert (Hv := norm_nonneg n v).
  destruct (Req_dec (norm n v) 0) as [Z|NZ].
  - rewrite Z, dot_commutes, dot_zero_l, Rabs_R0 by apply (norm_zero_same n v Z). lra.
  - (* 0 <= |(v.v) u - (u.v) v|^2 *)
    assert (H := dot_self_nonneg n (combination (dot n v v) u (- dot n u v) v)).
    rewrite !dot_combination_l, !dot_combination_r, (dot_commutes n v u) in H.
    rewrite <- (norm_squared n v), <- (norm_squared n u) in H.
    set (a := norm n u) in *. set (b := norm n v) in *. set (c := dot n u v) in *.
    assert (Hb : 0 < b) by lra.
    assert (Hbb : 0 < b * b) by nra.
    assert (c * c <= (a * b) * (a * b)).
    { apply Rmult_le_reg_l with (b * b); [exact Hbb|]. nra. }
    apply Rsqr_incr_0_var.
    + rewrite <- Rsqr_abs. unfold Rsqr. lra.
    + apply Rmult_le_pos; lra.
Qed.

Lemma norm_triangle n u v : norm n (combination 1 u 1 v) <= norm n u + norm n v.
Proof.
  assert (Hu := norm_nonneg n u). assert (Hv := norm_nonneg n v).
  apply norm_at_most; [lra|]. expand_dots. rewrite (dot_commutes n v u), <- !norm_squared.
  assert (H := cauchy_schwarz n u v). apply Rabs_le_between in H. nra.
Qed.

Lemma norm_scale n a u : norm n (scale a u) = Rabs a * norm n u.
Proof.
  unfold norm. rewrite dot_scale_l, dot_scale_r, <- Rmult_assoc.
  rewrite sqrt_mult_alt by apply Rle_0_sqr. f_equal. apply sqrt_Rsqr_abs.
Qed.

Lemma norm_difference n u v : norm n (difference u v) <= norm n u + norm n v.
Proof.
  rewrite (norm_same n (difference u v) (combination 1 u 1 (scale (-1) v))) by entrywise.
  eapply Rle_trans; [apply norm_triangle|].
  rewrite norm_scale, Rabs_left by lra. lra.
Qed.

Lemma norm_difference_commutes n u v : norm n (difference u v) = norm n (difference v u).
Proof.
  unfold norm. f_equal. expand_dots. ring.
Qed.

(** |u| - |v| <= |u - v| *)
Lemma norm_reverse n u v : norm n u - norm n (difference u v) <= norm n v.
Proof.
  assert (H := norm_triangle n (difference u v) v).
  rewrite (norm_same n (combination 1 (difference u v) 1 v) u) in H by entrywise. lra.
Qed.

(** Orthogonal parts: |u + v|^2 = |u|^2 + |v|^2. *)
Lemma pythagoras n u v : dot n u v = 0 ->
  dot n (combination 1 u 1 v) (combination 1 u 1 v) = dot n u u + dot n v v.
Proof. intros H. expand_dots. rewrite (dot_commutes n v u), H. ring. Qed.

(** Matrices. *)
Lemma apply_same n M u v : same n u v -> forall i, apply n M u i = apply n M v i.
Proof. intros H i. apply dot_same; [intros j _; reflexivity|exact H]. Qed.

Lemma apply_combination n M a u b v i :
  apply n M (combination a u b v) i = a * apply n M u i + b * apply n M v i.
Proof. apply dot_combination_r. Qed.

Lemma apply_difference n M u v i : apply n M (difference u v) i = apply n M u i - apply n M v i.
Proof. apply dot_difference_r. Qed.

Lemma apply_scale n M a u i : apply n M (scale a u) i = a * apply n M u i.
Proof. apply dot_scale_r. Qed.

Lemma dot_apply_swap M u x : forall m n,
  dot m (fun i => dot n (M i) u) x = dot n u (fun j => dot m (fun i => M i j) x).
Proof.
  induction m as [|m IH]; intros n; simpl.
  - rewrite dot_commutes, dot_zero_l; auto.
  - rewrite IH.
    rewrite (dot_same n u u (fun j => dot m (fun i => M i j) x + M m j * x m)
               (combination 1 (fun j => dot m (fun i => M i j) x) (x m) (M m))).
    + rewrite dot_combination_r, (dot_commutes n u (M m)). ring.
    + intros i _; reflexivity.
    + intros i _. unfold combination. ring.
Qed.

Lemma symmetric_form n M : symmetric n M -> forall u x, dot n (apply n M u) x = dot n u (apply n M x).
Proof.
  intros H u x. unfold apply. rewrite dot_apply_swap. apply dot_same; [intros i _; reflexivity|].
  intros j Hj. apply dot_same; [|intros i _; reflexivity]. intros i Hi. apply H; auto.
Qed.

Lemma dot_unit n i a x : (i < n)%nat -> dot n (fun j => if Nat.eqb i j then a else 0) x = a * x i.
Proof.
  induction n as [|n IH]; intros Hi; [lia|]. simpl. destruct (Nat.eqb i n) eqn:E.
  - apply Nat.eqb_eq in E. subst i. rewrite dot_zero_l; [ring|].
    intros j Hj. replace (Nat.eqb n j) with false; auto. symmetry. apply Nat.eqb_neq. lia.
  - apply Nat.eqb_neq in E. rewrite IH by lia. ring.
Qed.

(** u as a column times v as a row. *)
Definition outer (u v : vector) : matrix := fun i j => u i * v j.

Lemma apply_outer n u v x i : apply n (outer u v) x i = u i * dot n v x.
Proof.
  unfold apply, outer. change (fun j => u i * v j) with (scale (u i) v). apply dot_scale_l.
Qed.

(** The inner product, counted from the first entry. *)
Definition tail_of (u : vector) : vector := fun i => u (S i).

Lemma dot_front n u v : dot (S n) u v = u 0%nat * v 0%nat + dot n (tail_of u) (tail_of v).
Proof.
  induction n as [|n IH]; [simpl; ring|].
  change (dot (S (S n)) u v) with (dot (S n) u v + u (S n) * v (S n)). rewrite IH.
  simpl. unfold tail_of. ring.
Qed.

(** Limits of vectors. *)
Lemma tends_to_squeeze n u (limit : vector) (bound : nat -> R) :
  (forall k, norm n (difference (u k) limit) <= bound k) -> is_lim_seq bound 0 -> tends_to n u limit.
Proof.
  intros H Hb. unfold tends_to. apply is_lim_seq_le_le with (fun _ => 0) bound; auto.
  - intros k. split; [apply norm_nonneg|apply H].
  - apply is_lim_seq_const.
Qed.

Lemma entries_to_dot n (u : nat -> vector) (limit w : vector) :
  (forall i, (i < n)%nat -> is_lim_seq (fun k => u k i) (limit i)) ->
  is_lim_seq (fun k => dot n w (u k)) (dot n w limit).
Proof.
  induction n as [|n IH]; intros H; simpl.
  - apply is_lim_seq_const.
  - apply is_lim_seq_plus'.
    + apply IH. intros i Hi. apply H. lia.
    + apply (is_lim_seq_scal_l (fun k => u k n) (w n) (limit n)), H. lia.
Qed.

(** Vectors whose increments shrink geometrically. *)
Lemma geometric_vectors n (w : nat -> vector) (K q : R) :
  0 <= q < 1 -> (forall k, norm n (difference (w (S k)) (w k)) <= K * q ^ k) ->
  exists limit : vector, forall m, norm n (difference limit (w m)) <= K * q ^ m / (1 - q).
Proof.
  intros Hq Hw.
  (* every inner product with a fixed vector converges *)
  assert (Along : forall u m, exists l : R, is_lim_seq (fun k => dot n u (w k)) l /\
                                 Rabs (l - dot n u (w m)) <= norm n u * (K * q ^ m / (1 - q))).
  { intros u m. destruct (geometric_increments (fun k => dot n u (w (k + m)%nat)) (norm n u * (K * q ^ m)) q Hq)
      as (l & Hl & Hd).
    - intros k. simpl. rewrite <- dot_difference_r. eapply Rle_trans; [apply cauchy_schwarz|].
      rewrite Rmult_assoc. apply Rmult_le_compat_l; [apply norm_nonneg|].
      eapply Rle_trans; [apply Hw|]. rewrite pow_add. right. ring.
    - exists l. split.
      + apply (is_lim_seq_incr_n _ m). exact Hl.
      + simpl in Hd. eapply Rle_trans; [exact Hd|]. right. field. lra. }
  set (unit_vector := fun i : nat => (fun j : nat => if Nat.eqb i j then 1 else 0) : vector).
  (* the limit, entry by entry *)
  set (limit := (fun i => real (Lim_seq (fun k => w k i))) : vector).
  assert (Entry : forall i, (i < n)%nat -> is_lim_seq (fun k => w k i) (limit i)).
  { intros i Hi. destruct (Along (unit_vector i) 0%nat) as (l & Hl & _).
    assert (H : is_lim_seq (fun k => w k i) l).
    { apply is_lim_seq_ext with (2 := Hl). intros k. unfold unit_vector.
      rewrite dot_unit by exact Hi. ring. }
    unfold limit. rewrite (is_lim_seq_unique _ _ H). exact H. }
  exists limit. intros m.
  set (u := difference limit (w m)).
  destruct (Along u m) as (l & Hl & Hd).
  assert (E : l = dot n u limit).
  { assert (H := entries_to_dot n w limit u Entry).
    apply is_lim_seq_unique in H. apply is_lim_seq_unique in Hl. rewrite Hl in H. injection H. auto. }
  rewrite E, <- dot_difference_r in Hd. fold u in Hd.
  rewrite <- norm_squared, Rabs_pos_eq in Hd by (apply Rmult_le_pos; apply norm_nonneg).
  assert (Hu := norm_nonneg n u).
  destruct (Req_dec (norm n u) 0) as [Z|NZ].
  - rewrite Z. apply Rdiv_le_0_compat; [|lra].
    assert (H := Hw m). assert (H0 := norm_nonneg n (difference (w (S m)) (w m))). lra.
  - apply Rmult_le_reg_l with (norm n u); lra.
Qed.
